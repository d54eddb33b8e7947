"""In: made-up data of benchmarks, drills and the demo; out: rows. Never for a database in production."""
