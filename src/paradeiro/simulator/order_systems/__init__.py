"""In: requests to order systems; out: their answers by contract, and all accepted writes."""
