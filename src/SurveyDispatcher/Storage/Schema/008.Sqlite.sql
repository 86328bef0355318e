CREATE TRIGGER ledger_no_update BEFORE UPDATE ON ledger BEGIN SELECT RAISE(ABORT, 'The ledger is append-only.'); END;
CREATE TRIGGER ledger_no_delete BEFORE DELETE ON ledger BEGIN SELECT RAISE(ABORT, 'The ledger is append-only.'); END;

CREATE VIEW answers AS
SELECT r.id AS response_id, r.case_id, q.question, CAST(a.value AS TEXT) AS code, CASE WHEN a.type = 'integer' THEN a.value END AS value
FROM responses r JOIN json_each(r.answers) a ON a.type <> 'null' JOIN questions q ON q.questionnaire_id = r.questionnaire_id AND q.place = a.key;
