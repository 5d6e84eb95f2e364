"""Benchmarks: ratios in one run against a named peer or a physical limit. `make bench` prints them."""
