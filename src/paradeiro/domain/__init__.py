"""In: facts about orders, shipments and events; out: decisions. Pure functions, no I/O."""
