-- name: lock
-- Nobody else can write.
SELECT 1
