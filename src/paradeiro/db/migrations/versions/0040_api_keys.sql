-- Keys that end by themselves; from where a key was used last.
ALTER TABLE api_key ADD COLUMN ends_at timestamptz, ADD COLUMN last_used_from text NOT NULL DEFAULT '';
