"""In: nothing; out: what the connectors of several carriers share: asking with a token, zones of places."""
