-- name: exists
SELECT count(*) FROM responses WHERE case_id = @case_id AND row_hash = @row_hash

-- name: completes
SELECT count(*) FROM responses WHERE case_id = @case_id AND status = 'complete'

-- name: insert
INSERT INTO responses (case_id, mode, status, completed_at, late, duplicate, answers, texts, row_hash, file_id, line)
VALUES (@case_id, @mode, @status, @completed_at, @late, @duplicate, @answers, @texts, @row_hash, @file_id, @line)
