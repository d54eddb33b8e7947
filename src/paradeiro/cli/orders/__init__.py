"""In: commands about orders and packages; out: what they print."""
