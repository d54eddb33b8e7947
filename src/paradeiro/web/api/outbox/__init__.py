"""In: JSON about what is sent, to whom and how; out: JSON. Part of the API."""
