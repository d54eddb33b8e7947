"""In: orders, their packages and invoices, hints and uploaded tables; out: rows of them."""
