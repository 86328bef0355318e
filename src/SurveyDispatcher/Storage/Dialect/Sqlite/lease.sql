-- name: held
SELECT token, holder, until FROM lease

-- name: current
SELECT 1 FROM lease WHERE token = @token
