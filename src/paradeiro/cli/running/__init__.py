"""In: settings; out: the processes of `up`, `serve` and `work`, the simulator, and the database they share."""
