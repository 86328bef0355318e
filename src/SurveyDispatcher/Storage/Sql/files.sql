-- name: last_id
SELECT coalesce(max(id), 0) FROM files

-- name: begun
SELECT id, rows_read, rows_new, rows_updated, rows_unchanged, rows_rejected, rejects_bytes, rows_quarantined
FROM files WHERE state IN ('taking', 'stored') AND kind = @kind AND name = @name AND sha256 = @sha256

-- name: begin
INSERT INTO files (id, kind, name, sha256, cycle_id, state) VALUES (@id, @kind, @name, @sha256, @cycle_id, 'taking')

-- name: refuse
INSERT INTO files (id, kind, name, sha256, cycle_id, state, problem) VALUES (@id, @kind, @name, '', @cycle_id, 'refused', @problem)

-- name: progress
UPDATE files SET rows_read = @rows_read, rows_new = @rows_new, rows_updated = @rows_updated, rows_unchanged = @rows_unchanged,
    rows_rejected = @rows_rejected, rejects_bytes = @rejects_bytes, rows_quarantined = @rows_quarantined
WHERE id = @id

-- name: stored
SELECT id, kind, name FROM files WHERE state IN ('taking', 'stored') AND state = 'stored'

-- name: end
UPDATE files SET state = @state, problem = @problem WHERE id = @id

-- name: add_shape
-- An interrupted cycle may have stored it already: of the same file.
INSERT INTO file_shapes (file_id, empty) VALUES (@file_id, @empty) ON CONFLICT (file_id) DO NOTHING
