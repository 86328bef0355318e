-- name: last_id
SELECT coalesce(max(id), 0) FROM acknowledgements

-- name: list
SELECT id, rows, sha256 FROM lists WHERE file_name = @file_name AND state <> 'planned'

-- name: version
SELECT 1 FROM list_versions WHERE list_id = @list_id AND rows = @rows AND (sha256 = @sha256 OR @any = 1)

-- name: version_of_hash
SELECT 1 FROM list_versions WHERE list_id = @list_id AND sha256 = @sha256

-- name: add
INSERT INTO acknowledgements (id, fingerprint, list_id, file_name, status, problem, acknowledged_at, taken_on, file_id, line)
VALUES (@id, @fingerprint, @list_id, @file_name, @status, @problem, @acknowledged_at, @taken_on, @file_id, @line)
ON CONFLICT (fingerprint) DO NOTHING
