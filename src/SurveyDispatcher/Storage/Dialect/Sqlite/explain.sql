-- name: ids
SELECT id FROM identities WHERE hash IN (SELECT value FROM json_each(@hashes))
