"""In: nothing; out: a small but real carrier per way of telling news, which `paradeiro new-connector` copies.

`example_carrier` is asked and has what all ways share; the others have only what differs.
"""
