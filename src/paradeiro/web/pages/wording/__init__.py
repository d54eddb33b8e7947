"""In: a text's name and a language; out: the texts of the operator screens."""
