-- name: queues
-- Each by a partial index of what waits.
SELECT (SELECT count(*) FROM mails WHERE settled_in IS NULL), (SELECT count(*) FROM cases WHERE state = 'phone_queued'), (SELECT count(*) FROM withdrawals WHERE list_id IS NULL)
