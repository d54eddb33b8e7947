"""In: events and answers; out: timelines, next checks, contract drift, silence, proofs of delivery. Pure."""
