"""In: a connection and frozen values; out: frozen values. The only room with SQL; nothing here commits by itself."""
