"""In: requests to marketplaces; out: their answers by contract, and all accepted updates."""
