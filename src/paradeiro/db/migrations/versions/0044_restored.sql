-- A restored database: customers are not mailed again what they were told before. And keys of effects that come from
-- what is told, so that the same news has the same key after a restore too; the salt makes them unguessable.
ALTER TABLE store ADD COLUMN told_until timestamptz, ADD COLUMN effect_salt uuid NOT NULL DEFAULT gen_random_uuid();
