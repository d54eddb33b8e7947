"""In: identifiers, couriers, legs, feeds, quotas; out: rows, and rows back."""
