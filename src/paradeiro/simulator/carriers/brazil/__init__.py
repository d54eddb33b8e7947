"""In: requests to carriers in Brazil, the clock; out: their answers, pushes and files, as the ground truth has it."""
