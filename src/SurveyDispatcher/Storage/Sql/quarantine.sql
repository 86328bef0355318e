-- name: last_id
SELECT coalesce(max(id), 0) FROM quarantine

-- name: add
INSERT INTO quarantine (id, case_id, attempt, attempted_at, code, final, content, since, file_id, line)
VALUES (@id, @case_id, @attempt, @attempted_at, @code, @final, @content, @since, @file_id, @line)
ON CONFLICT (case_id, attempt) DO NOTHING

-- name: find
SELECT id, file_id FROM quarantine WHERE case_id = @case_id AND attempt = @attempt

-- name: all
SELECT q.id, q.case_id, c.market, q.attempt, q.attempted_at, q.code, q.final, q.content, q.since, q.file_id, q.line, f.name
FROM quarantine q JOIN files f ON f.id = q.file_id JOIN cases c ON c.id = q.case_id ORDER BY q.id

-- name: remove
DELETE FROM quarantine WHERE id = @id

-- name: count_new
UPDATE files SET rows_quarantined = rows_quarantined - 1, rows_new = rows_new + 1 WHERE id = @file_id

-- name: count_unchanged
UPDATE files SET rows_quarantined = rows_quarantined - 1, rows_unchanged = rows_unchanged + 1 WHERE id = @file_id

-- name: count_rejected
UPDATE files SET rows_quarantined = rows_quarantined - 1, rows_rejected = rows_rejected + 1 WHERE id = @file_id

-- name: count_rejected_of
-- Of a case whose data is erased.
UPDATE files SET rows_quarantined = rows_quarantined - (SELECT count(*) FROM quarantine q WHERE q.case_id = @case_id AND q.file_id = files.id),
    rows_rejected = rows_rejected + (SELECT count(*) FROM quarantine q WHERE q.case_id = @case_id AND q.file_id = files.id)
WHERE id IN (SELECT file_id FROM quarantine q WHERE q.case_id = @case_id)

-- name: forget
DELETE FROM quarantine WHERE case_id = @case_id

-- name: forget_content
UPDATE quarantine SET content = x'' WHERE case_id = @case_id

-- name: codes
-- What lies there, by code.
SELECT code, count(*), min(since) FROM quarantine GROUP BY code ORDER BY code

-- name: days
-- On which days a market's vendor sent what lies there.
SELECT c.market, q.since, count(*) FROM quarantine q JOIN cases c ON c.id = q.case_id GROUP BY c.market, q.since ORDER BY c.market, q.since
