"""In: data for operating Paradeiro (audit, notices, health, retention); out: rows of it."""
