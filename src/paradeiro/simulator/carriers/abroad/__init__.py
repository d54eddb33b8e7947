"""In: requests to carriers abroad, the clock; out: their answers, pushes and files, as the ground truth has it."""
