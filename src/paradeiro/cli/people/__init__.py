"""In: what was typed after `paradeiro operator`; out: persons added, listed, ended and reset."""
