"""In: invoice keys and order tables from outside; out: values, or what is wrong with them. Pure."""
