"""In: a browser of a person; out: the screens on which one signs in, and on which people and keys are kept."""
