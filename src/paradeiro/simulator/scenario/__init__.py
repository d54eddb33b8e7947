"""In: a seed and a number of packages; out: their true events, and how claims differ from them."""
