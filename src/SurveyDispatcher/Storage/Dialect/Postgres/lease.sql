-- name: held
SELECT token, holder, until FROM lease FOR UPDATE

-- name: current
-- Who takes over waits for the end of this transaction.
SELECT 1 FROM lease WHERE token = @token FOR SHARE
