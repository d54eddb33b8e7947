"""In: commands about customers' data and the store's brand; out: what they print."""
