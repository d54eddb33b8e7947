"""In: accounts and answers of their parties; out: account health, tokens, hooks and API keys."""
