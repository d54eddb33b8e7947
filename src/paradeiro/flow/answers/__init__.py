"""In: what carriers tell, asked or not; out: stored answers, and the shipments that each is about."""
