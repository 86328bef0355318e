-- name: any
SELECT 1 FROM identities LIMIT 1

-- name: insert
-- Of a transaction that is new itself: nothing can be there.
INSERT INTO identities (hash, id) VALUES (@hash, @id)

-- name: add
INSERT INTO identities (hash, id) VALUES (@hash, @id) ON CONFLICT DO NOTHING

-- name: remove
DELETE FROM identities WHERE hash = @hash AND id = @id

-- name: of
SELECT id FROM identities WHERE hash = @hash

-- name: old_points
SELECT old_points FROM transactions WHERE id = @id

-- name: set_old_points
UPDATE transactions SET old_points = @old_points WHERE id = @id
