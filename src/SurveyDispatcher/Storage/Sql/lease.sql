-- name: held
SELECT token, holder, until FROM lease

-- name: token
SELECT token FROM lease

-- name: take
UPDATE lease SET token = @token, holder = @holder, until = @until

-- name: renew
UPDATE lease SET until = @until
