-- name: still_sending
SELECT 1 FROM cycles WHERE id = @id AND sending = 1
