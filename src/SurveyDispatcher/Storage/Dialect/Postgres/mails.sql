-- name: claim
-- The next of one market; the markets take turns. What another worker is claiming at this moment is passed by.
UPDATE mails SET state = 'claimed', claimed_by = @worker
WHERE id = ANY(ARRAY(SELECT id FROM mails WHERE settled_in IS NULL AND market = @market AND id > @after AND state = 'queued' ORDER BY id LIMIT @limit FOR UPDATE SKIP LOCKED))
RETURNING id

-- name: claim_again
UPDATE mails SET state = 'claimed', claimed_by = @worker
WHERE id IN (SELECT value FROM json_each(@ids)) AND state = 'queued' AND settled_in IS NULL AND market IN (SELECT value FROM json_each(@markets))
RETURNING id
