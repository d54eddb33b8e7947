"""In: commands of those who write connectors (check, parse, new-connector); out: what they print."""
