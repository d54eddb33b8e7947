"""In: requests to carriers; out: their answers, as contracts and recorded answers describe them."""
