"""In: a scratch database and a size; out: one bench's figures by name."""
