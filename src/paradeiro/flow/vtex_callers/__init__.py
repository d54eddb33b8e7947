"""In: statements of programs that call Paradeiro with VTEX's API; out: recorded orders and events."""
