-- name: last_id
SELECT coalesce(max(id), 0) FROM lists

-- name: unfinished
SELECT id, file_name, kind, market, survey, day, created_at, state FROM lists WHERE state IN ('planned', 'settled') ORDER BY id

-- name: plan
-- The id is the list's number for the vendor, too: lists are planned one at a time, and one that is taken back is always the last.
INSERT INTO lists (id, file_name, kind, market, survey, day, created_at, cycle_id, layout, state, rows)
VALUES (@id, @file_name, @kind, @market, @survey, @day, @created_at, @cycle_id, @layout, 'planned', 0)

-- name: manifest
SELECT l.file_name, l.market, l.created_at, p.file_name, l.kind, l.survey FROM lists l LEFT JOIN lists p ON p.id = l.id - 1 WHERE l.id = @id

-- name: drop_entry
DELETE FROM list_entries WHERE list_id = @list_id AND case_id = @case_id

-- name: drop_withdrawal
UPDATE withdrawals SET list_id = NULL WHERE id = @id

-- name: add_version
INSERT INTO list_versions (list_id, sha256, rows) VALUES (@list_id, @sha256, @rows) ON CONFLICT DO NOTHING

-- name: exists
SELECT count(*) FROM lists WHERE file_name = @file_name

-- name: queues
SELECT DISTINCT market, survey FROM cases WHERE state = 'phone_queued' ORDER BY market, survey

-- name: queued
SELECT id, event_date, phone_reason FROM cases WHERE state = 'phone_queued' AND market = @market AND survey = @survey ORDER BY id

-- name: add_entry
INSERT INTO list_entries (list_id, case_id, reason, call_until) VALUES (@list_id, @case_id, @reason, @call_until)

-- name: phone_page
SELECT c.id, c.market, c.survey, c.event_date, c.state, c.close_reason, c.invited_on, c.reminded_on, c.phone_on, c.phone_reason,
    c.call_until, c.completed_on, c.response_mode, c.mail_failed, c.next_look_on,
    e.reason, e.call_until, t.contact, t.opt_outs, t.language, t.dealer_code, t.dealer_name, t.model, coalesce(d.name, '')
FROM list_entries e JOIN cases c ON c.id = e.case_id JOIN transactions t ON t.id = e.case_id
    LEFT JOIN dealers d ON d.market = c.market AND d.code = t.dealer_code
WHERE e.list_id = @list_id AND e.case_id > @after ORDER BY e.case_id LIMIT @limit

-- name: entries
SELECT case_id, reason, call_until FROM list_entries WHERE list_id = @list_id ORDER BY case_id

-- name: count_person
INSERT INTO handed_over (year, market, country, person, case_id) VALUES (@year, @market, @country, @person, @case_id) ON CONFLICT DO NOTHING

-- name: settle
UPDATE lists SET state = 'settled', rows = @rows, sha256 = @sha256 WHERE id = @id

-- name: publish
UPDATE lists SET state = 'published' WHERE id = @id

-- name: discard
DELETE FROM lists WHERE id = @id

-- name: discard_entries
DELETE FROM list_entries WHERE list_id = @list_id

-- name: withdrawal_markets
SELECT DISTINCT market FROM withdrawals WHERE list_id IS NULL ORDER BY market

-- name: claim_withdrawals
UPDATE withdrawals SET list_id = @list_id WHERE list_id IS NULL AND market = @market

-- name: release_withdrawals
UPDATE withdrawals SET list_id = NULL WHERE list_id = @list_id

-- name: withdrawals
SELECT case_id, reason, at, id FROM withdrawals WHERE list_id = @list_id ORDER BY id
