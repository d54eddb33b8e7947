"""In: a connector with its folder; out: its problems. The rules are listed in `sdk/conformance/suite.py`."""
