"""What is in it: bytes in, findings and facts out; nothing is ever executed or unpickled."""
