"""In: a seed and a clock; out: a simulated outside behind real HTTP and SMTP. It shares no code with connectors."""
