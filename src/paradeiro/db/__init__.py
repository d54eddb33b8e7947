"""In: a connection and frozen values; out: frozen values. The only package with SQL; nothing here commits."""
