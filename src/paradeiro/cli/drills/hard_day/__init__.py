"""In: a database, or a folder; out: bad days of every kind, played on real parts, each with the figures that count."""
