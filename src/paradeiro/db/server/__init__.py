"""In: a data folder or an address; out: a running PostgreSQL, checked before Paradeiro starts on it."""
