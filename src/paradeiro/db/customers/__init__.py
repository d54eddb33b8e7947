"""In: data of one customer (addresses, choices, bounces, look-ups) and a store's brand; out: rows of it."""
