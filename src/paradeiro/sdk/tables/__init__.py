"""In: the tables that connectors of carriers keep; out: codes with their meanings, names, forms of numbers."""
