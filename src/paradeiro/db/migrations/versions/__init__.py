"""In: nothing; out: one module and one SQL file per migration, in the order of their numbers."""
