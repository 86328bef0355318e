-- name: append
INSERT INTO ledger (seq, case_id, day, kind, detail, cycle_id, policy_id, hash)
VALUES (@seq, @case_id, @day, @kind, @detail, @cycle_id, @policy_id, @hash)

-- name: last
SELECT seq, hash FROM ledger ORDER BY seq DESC LIMIT 1

-- name: all
SELECT seq, case_id, day, kind, detail, cycle_id, policy_id, hash FROM ledger ORDER BY seq

-- name: of_case
SELECT seq, case_id, day, kind, detail, cycle_id, policy_id, hash, coalesce((SELECT version FROM policies p WHERE p.id = policy_id), '')
FROM ledger WHERE case_id = @case_id ORDER BY seq

-- name: mail_facts
-- What became of the mail of a cycle, from some line on.
SELECT kind, detail, count(*) FROM ledger
WHERE seq > @after AND cycle_id = @cycle AND kind IN ('MailAccepted', 'MailUndelivered')
GROUP BY kind, detail
