"""In: changes of packages; out: planned effects, their messages, postponements, refusals and resends."""
