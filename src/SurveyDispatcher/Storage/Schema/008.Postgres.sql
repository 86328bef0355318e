CREATE FUNCTION ledger_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'The ledger is append-only.'; END $$;
CREATE TRIGGER ledger_no_update BEFORE UPDATE ON ledger FOR EACH ROW EXECUTE FUNCTION ledger_is_append_only();
CREATE TRIGGER ledger_no_delete BEFORE DELETE ON ledger FOR EACH ROW EXECUTE FUNCTION ledger_is_append_only();
CREATE TRIGGER ledger_no_truncate BEFORE TRUNCATE ON ledger FOR EACH STATEMENT EXECUTE FUNCTION ledger_is_append_only();

CREATE VIEW answers AS
SELECT r.id AS response_id, r.case_id, q.question, a.value #>> '{}' AS code, CASE WHEN jsonb_typeof(a.value) = 'number' THEN (a.value #>> '{}')::integer END AS value
FROM responses r CROSS JOIN LATERAL jsonb_array_elements(r.answers::jsonb) WITH ORDINALITY a (value, ordinal)
JOIN questions q ON q.questionnaire_id = r.questionnaire_id AND q.place = a.ordinal - 1
WHERE jsonb_typeof(a.value) <> 'null';
