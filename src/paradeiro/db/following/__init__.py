"""In: replies, events, shipments, fallbacks, watches and proofs as values; out: rows of them."""
