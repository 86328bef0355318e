-- name: exists
SELECT DISTINCT hash FROM identities WHERE hash = ANY(@hashes)
