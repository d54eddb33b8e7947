"""In: a database, or a folder; out: failure cases of every kind, played on real processes, with their figures."""
