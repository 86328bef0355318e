-- name: quick_check
PRAGMA quick_check(1)

-- name: triggers
SELECT count(*) FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'ledger' AND name IN ('ledger_no_update', 'ledger_no_delete')

-- name: cycles
-- The seal is what the ledger and the suppression list were at the end of the cycle; none: it was killed, or ran before there were seals.
SELECT id, as_of, day, policy_id, ended_at IS NOT NULL, seal ->> 'ledgerLines', seal ->> 'ledgerHead', seal ->> 'suppressions', seal ->> 'suppressionFlags'
FROM (SELECT id, as_of, day, policy_id, ended_at, CASE WHEN json_valid(counts) THEN counts -> 'seal' END AS seal FROM cycles) ORDER BY id
