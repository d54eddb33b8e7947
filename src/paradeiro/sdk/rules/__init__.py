"""In: a connector with its folder; out: what is wrong with it. The rules of `sdk/conformance.py`."""
