-- name: transactions
SELECT count(*) FROM transactions

-- name: cases
SELECT count(*) FROM cases

-- name: policies
SELECT id, version, programme FROM policies ORDER BY id

-- name: suppressions
SELECT count(*), coalesce(sum(flags), 0) FROM suppressions

-- name: file_with_wrong_sum
SELECT kind, name, rows_read, rows_new, rows_updated, rows_unchanged, rows_rejected, rows_quarantined FROM files
WHERE rows_read <> rows_new + rows_updated + rows_unchanged + rows_rejected + rows_quarantined LIMIT 1

-- name: file_with_wrong_quarantine
SELECT f.kind, f.name, f.rows_quarantined, (SELECT count(*) FROM quarantine q WHERE q.file_id = f.id) FROM files f
WHERE f.rows_quarantined <> (SELECT count(*) FROM quarantine q WHERE q.file_id = f.id) LIMIT 1

-- name: series_of_lists
-- Every list has its number, and none is missing: the vendor goes by that.
SELECT count(*), coalesce(max(id), 0) FROM lists

-- name: new_rows
SELECT coalesce(sum(rows_new), 0) FROM files WHERE kind = @kind

-- name: tallied
SELECT CAST(coalesce(sum(count), 0) AS BIGINT) FROM tallies WHERE what = @what

-- name: list_with_wrong_sum
-- An erasure takes rows out of a list that the vendor has not fetched; that the case stood on it stays on record.
SELECT file_name, rows, entries FROM (
    SELECT l.file_name, l.rows, CASE l.kind
        WHEN 'phone' THEN (SELECT count(*) FROM list_entries e WHERE e.list_id = l.id)
        ELSE (SELECT count(*) FROM withdrawals w WHERE w.list_id = l.id) END AS entries,
        (SELECT count(*) FROM list_entries e JOIN cases c ON c.id = e.case_id WHERE e.list_id = l.id AND c.close_reason = 'erased') AS erased
    FROM lists l WHERE l.state <> 'planned') sums
WHERE rows > entries OR rows < entries - erased LIMIT 1

-- name: lost_withdrawal
SELECT w.case_id, w.list_id FROM withdrawals w
WHERE w.list_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM lists l WHERE l.id = w.list_id AND l.kind = 'withdrawals' AND l.market = w.market) LIMIT 1

-- name: policy_changes
SELECT cycle_id, policy_id, before_id, day FROM policy_changes ORDER BY cycle_id

-- name: sample_that_does_not_fit
-- Who was not sampled was drawn for, and not taken; who was taken has a case. No draw is made for what is not there, or under no policy.
SELECT t.id FROM transactions t LEFT JOIN samples s ON s.id = t.id WHERE t.reason = @not_sampled AND (s.id IS NULL OR s.taken <> 0)
UNION ALL
SELECT s.id FROM samples s LEFT JOIN cases c ON c.id = s.id LEFT JOIN transactions t ON t.id = s.id LEFT JOIN policies p ON p.id = s.policy_id
WHERE t.id IS NULL OR p.id IS NULL OR s.rate < 0 OR s.rate > 1000000 OR (s.taken <> 0 AND c.id IS NULL) LIMIT 1

-- name: facts
SELECT case_id, seq, day, kind, detail, cycle_id, policy_id FROM ledger ORDER BY case_id, seq

-- name: verdicts
SELECT t.id, t.transaction_id, t.country, t.survey, t.event_date, t.reason, t.failed_rules, t.screened_on, t.policy_id, e.id
FROM transactions t LEFT JOIN endings e ON e.id = t.id ORDER BY t.id

-- name: mails
SELECT m.case_id, m.contact, m.state, m.settled_in, m.to_hash, coalesce(s.flags, 0)
FROM mails m LEFT JOIN suppressions s ON s.hash = m.to_hash ORDER BY m.case_id, m.contact

-- name: entries
SELECT e.case_id, coalesce(l.file_name, ''), coalesce(l.state, ''), l.day, e.call_until, e.reason, coalesce(l.market, ''), coalesce(l.survey, '')
FROM list_entries e LEFT JOIN lists l ON l.id = e.list_id ORDER BY e.case_id, e.list_id

-- name: responses
SELECT case_id, mode, status, completed_at, late, CASE WHEN duplicate_of IS NULL THEN 0 ELSE 1 END, questionnaire_id, answers FROM responses ORDER BY case_id, id

-- name: attempts
SELECT case_id, attempt, code, final FROM attempts ORDER BY case_id, attempt

-- name: withdrawals
SELECT case_id, market, reason FROM withdrawals ORDER BY case_id, id

-- name: returns
SELECT case_id, contact FROM bounces WHERE case_id IS NOT NULL AND action = 'failed' ORDER BY case_id
