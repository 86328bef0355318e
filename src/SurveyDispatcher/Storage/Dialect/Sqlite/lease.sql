-- name: held
SELECT l.worker, w.name, w.until FROM lease l LEFT JOIN workers w ON w.id = l.worker

-- name: current
SELECT 1 FROM workers WHERE id = @id
