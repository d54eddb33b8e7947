ALTER TABLE effect ADD COLUMN refusal text;
CREATE INDEX effect_refused ON effect (account_id, id) WHERE state = 'refused';
CREATE INDEX effect_refusal ON effect (account_id, refusal, id) WHERE refusal IS NOT NULL;
