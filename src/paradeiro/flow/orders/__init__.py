"""In: orders, packages and statements from every entry point; out: tracked shipments."""
