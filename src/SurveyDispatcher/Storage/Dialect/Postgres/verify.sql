-- name: quick_check
SELECT 'ok'

-- name: triggers
SELECT count(*) FROM pg_trigger WHERE tgrelid = 'ledger'::regclass AND tgname IN ('ledger_no_update', 'ledger_no_delete') AND tgenabled = 'O'

-- name: cycles
SELECT id, as_of, day, policy_id, CASE WHEN ended_at IS NULL THEN 0 ELSE 1 END, (seal ->> 'ledgerLines')::bigint, seal ->> 'ledgerHead',
    (seal ->> 'suppressions')::bigint, (seal ->> 'suppressionFlags')::bigint
FROM (SELECT id, as_of, day, policy_id, ended_at, CASE WHEN counts LIKE '{%' THEN counts::json -> 'seal' END AS seal FROM cycles) c ORDER BY id
