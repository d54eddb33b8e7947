"""In: a seed and a clock; out: simulated parties behind real HTTP and SMTP. It shares no code with connectors."""
