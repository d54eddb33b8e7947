"""In: facts about orders, shipments and events; out: what they mean. Standard library only, nothing is fetched here."""
