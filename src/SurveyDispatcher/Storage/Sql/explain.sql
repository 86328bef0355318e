-- name: find
-- The hashes said where to look (ids); whoever asks compares the row.
SELECT t.id, t.country, t.dealer_code, t.survey, t.transaction_id, t.event_date, t.vin, t.reason, c.market, c.state, c.close_reason
FROM transactions t LEFT JOIN cases c ON c.id = t.id WHERE t.id IN (SELECT value FROM json_each(@ids)) ORDER BY t.id

-- name: transaction
SELECT t.transaction_id, t.dealer_code, t.survey, t.country, t.cancelled, t.event_date, t.purchase_date, t.vin, t.mileage_km,
    t.customer_type, t.payment_type, t.opt_outs, t.contact, coalesce(f.name, ''), t.line, t.reason, t.screened_on,
    t.failed_rules, t.policy_id, f.cycle_id, c.day, e.ended_on, t.id, t.language
FROM transactions t LEFT JOIN files f ON f.id = t.file_id LEFT JOIN cycles c ON c.id = f.cycle_id LEFT JOIN endings e ON e.id = t.id
WHERE t.id = @id

-- name: policy
SELECT version, first_used_on, programme FROM policies WHERE id = @id

-- name: policy_of_version
SELECT id, first_used_on FROM policies WHERE version = @version

-- name: cycles
SELECT id, day, as_of FROM cycles WHERE id IN (SELECT value FROM json_each(@ids))

-- name: extracts
-- The extracts of a cycle that brought something new; more than a handful say nothing.
SELECT name FROM files WHERE cycle_id = @cycle_id AND kind = 'dms' AND rows_new > 0 ORDER BY id LIMIT 6

-- name: suppressions
SELECT hash, flags, since FROM suppressions WHERE hash IN (SELECT value FROM json_each(@hashes))

-- name: bounces
SELECT contact, action, status, class, file_name, read_at FROM bounces WHERE case_id = @case_id ORDER BY id

-- name: lists
-- Lists of cycle 0 were not numbered for the vendor.
SELECT l.file_name, l.day, l.created_at, l.state, l.sha256, e.reason, e.call_until, CASE WHEN l.cycle_id > 0 THEN l.id END
FROM list_entries e JOIN lists l ON l.id = e.list_id WHERE e.case_id = @case_id ORDER BY l.id

-- name: withdrawals
SELECT w.reason, w.at, l.file_name, l.day, l.created_at, l.state, l.sha256, CASE WHEN l.cycle_id > 0 THEN l.id END
FROM withdrawals w LEFT JOIN lists l ON l.id = w.list_id WHERE w.case_id = @case_id ORDER BY w.id

-- name: attempts
SELECT a.attempt, a.attempted_at, a.code, a.final, coalesce(f.name, ''), a.line
FROM attempts a LEFT JOIN files f ON f.id = a.file_id WHERE a.case_id = @case_id ORDER BY a.id

-- name: responses
SELECT r.mode, r.status, r.completed_at, r.language, r.late, r.duplicate_of, r.flags, coalesce(f.name, ''), r.line
FROM responses r LEFT JOIN files f ON f.id = r.file_id WHERE r.case_id = @case_id ORDER BY r.id
