-- name: known
SELECT count(*) FROM bounces WHERE sha256 = @sha256

-- name: insert
INSERT INTO bounces (file_name, sha256, case_id, contact, action, status, class, read_at)
VALUES (@file_name, @sha256, @case_id, @contact, @action, @status, @class, @read_at)
