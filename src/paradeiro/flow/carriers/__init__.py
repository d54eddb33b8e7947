"""In: packages, couriers, codes; out: which carrier follows what, and what it is asked by."""
