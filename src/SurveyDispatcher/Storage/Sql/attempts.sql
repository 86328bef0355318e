-- name: add
INSERT INTO attempts (case_id, attempt, attempted_at, code, final, number, file_id, line)
VALUES (@case_id, @attempt, @attempted_at, @code, @final, @number, @file_id, @line)
ON CONFLICT (case_id, attempt) DO NOTHING

-- name: codes_of
SELECT code FROM attempts WHERE case_id = @case_id ORDER BY attempt
