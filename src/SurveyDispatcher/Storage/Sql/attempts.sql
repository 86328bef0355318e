-- name: add
INSERT INTO attempts (case_id, attempt, attempted_at, code, final, number, file_id, line)
VALUES (@case_id, @attempt, @attempted_at, @code, @final, @number, @file_id, @line)
ON CONFLICT (case_id, attempt) DO NOTHING

-- name: bad_numbers_of
-- What was reported as a number that reaches nobody.
SELECT number FROM attempts WHERE case_id = @case_id AND code IN ('4.20', '4.31', '4.32', '4.33', '4.41')

-- name: has
SELECT 1 FROM attempts WHERE case_id = @case_id AND attempt = @attempt
