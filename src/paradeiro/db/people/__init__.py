"""In: persons and their roles; out: rows of persons, sessions, one-time links and second factors."""
