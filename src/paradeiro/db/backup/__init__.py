"""In: a database; out: a backup of it as one stream, encrypted and checked; and a database out of such a stream."""
