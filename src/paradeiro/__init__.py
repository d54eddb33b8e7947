"""In: orders with tracking codes; out: every change of their packages, told to whoever must know."""
