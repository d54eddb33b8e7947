-- A carrier's feed fails and answers apart from questions about single packages. Columns without a default: not rewritten.
ALTER TABLE account ADD COLUMN feed_failing_since timestamptz, ADD COLUMN feed_read_at timestamptz;
