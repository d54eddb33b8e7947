"""In: places that a package passed; out: a small map of its route as SVG."""
