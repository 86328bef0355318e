-- name: held
SELECT token, holder, until FROM lease

-- name: current
SELECT 1 FROM lease WHERE token = @token

-- name: take
UPDATE lease SET token = @token, holder = @holder, until = @until

-- name: renew
UPDATE lease SET until = @until
