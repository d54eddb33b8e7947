"""In: HTTP requests; out: JSON, pages. It reads and calls flow; it decides nothing."""
