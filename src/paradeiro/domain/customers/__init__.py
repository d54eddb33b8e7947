"""In: addresses, names, bounce texts, branding; out: classifications and validated values. Pure."""
