"""In: HTTP requests; out: JSON, pages. It reads the database and calls flow; no business rules here."""
