"""In: nothing; out: a small but real carrier, which `paradeiro new-connector` copies under another name."""
