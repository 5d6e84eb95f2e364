"""Files for the tests, made by code. The bad ones are named by their defect and harmless even if run: what they would call
is print, getcwd or a name that does not exist."""
