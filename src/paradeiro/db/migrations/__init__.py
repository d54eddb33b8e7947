"""In: a database of any age; out: the same with today's schema. Alembic runs the plain SQL in versions/."""
