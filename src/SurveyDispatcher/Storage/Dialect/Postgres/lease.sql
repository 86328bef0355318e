-- name: held
SELECT l.worker, w.name, w.until FROM lease l LEFT JOIN workers w ON w.id = l.worker FOR UPDATE OF l

-- name: current
-- Who takes over removes the row first, and so waits for the end of this transaction.
SELECT 1 FROM workers WHERE id = @id FOR KEY SHARE
