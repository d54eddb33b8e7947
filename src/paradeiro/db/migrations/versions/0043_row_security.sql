-- Row-level security: a role that is set to one store sees and writes rows of that store only; without a store, none.
-- The owner is not held by it (no FORCE): it migrates, makes partitions, and is nobody that serves a request.
-- The roles are made by `paradeiro migrate` (db/server/roles.py), where it may.
DO $$
DECLARE
    each regclass;
BEGIN
    FOR each IN
        SELECT c.oid FROM pg_class c
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'store_id' AND NOT a.attisdropped
        WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
          AND c.relname !~ '^reply_[0-9]{8}$'
    LOOP
        EXECUTE 'ALTER TABLE ' || each || ' ENABLE ROW LEVEL SECURITY';
        EXECUTE 'CREATE POLICY one_store ON ' || each
            || ' USING (store_id = nullif(current_setting(''paradeiro.store_id'', true), '''')::bigint)';
    END LOOP;
END $$;
