"""In: effects and what shapes them (channel deadlines, carrier tables, templates, endpoints); out: rows of them."""
