-- name: ids
-- One look into the index for each hash, whatever the server knows of the table: after a large import it knows nothing yet, and would read all of it.
SELECT i.id FROM unnest(@hashes::bigint[]) h (value) CROSS JOIN LATERAL (SELECT id FROM identities WHERE hash = h.value LIMIT 1000) i
