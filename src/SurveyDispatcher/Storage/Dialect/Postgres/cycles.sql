-- name: still_sending
-- Whoever ends the sending waits for the end of this transaction.
SELECT 1 FROM cycles WHERE id = @id AND sending = 1 FOR SHARE
