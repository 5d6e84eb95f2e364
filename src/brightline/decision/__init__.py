"""The line: policy as data turns facts and evidence into a determination for each component."""
