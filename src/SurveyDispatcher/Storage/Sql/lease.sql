-- name: take
UPDATE lease SET token = @token, holder = @holder, until = @until

-- name: renew
UPDATE lease SET until = @until
