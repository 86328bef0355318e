-- name: exists
SELECT 1 FROM identities WHERE hash = @hash
