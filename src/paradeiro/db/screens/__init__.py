"""In: queries of screens and API lists; out: small rows for display. Reads only."""
