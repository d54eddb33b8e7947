"""In: a connector with its fixtures; out: which hard cases of carriers it reads wrongly."""
