"""In: questions of those who run a store (keys, audit log, notices, accounts); out: JSON. Part of the API."""
