"""In: the name of a carrier; out: incidents that its interface had or may have, played against the simulator."""
