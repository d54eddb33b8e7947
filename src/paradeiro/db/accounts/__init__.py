"""In: stores, accounts, tokens, hooks, rate limits, keys, sessions; out: rows of them, secrets encrypted."""
