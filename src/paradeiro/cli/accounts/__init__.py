"""In: commands about stores, accounts, keys, hooks and webhooks; out: what they print."""
