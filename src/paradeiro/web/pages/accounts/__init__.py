"""In: an operator's browser; out: the screens about accounts: their health, their couriers, their files."""
