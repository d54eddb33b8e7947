"""In: JSON about orders, their packages and events; out: JSON. Part of the API."""
