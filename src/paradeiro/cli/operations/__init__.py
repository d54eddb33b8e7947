"""In: commands of those who run it (status, doctor); out: what they print."""
