-- name: any
SELECT 1 FROM sightings LIMIT 1

-- name: insert
-- Of a transaction that is new itself: nothing can be there.
INSERT INTO sightings (fingerprint, until, policy_id) VALUES (@fingerprint, @until, @policy_id)

-- name: add
INSERT INTO sightings (fingerprint, until, policy_id) VALUES (@fingerprint, @until, @policy_id)
ON CONFLICT (fingerprint) DO UPDATE SET until = excluded.until, policy_id = excluded.policy_id

-- name: remove
DELETE FROM sightings WHERE fingerprint = @fingerprint

-- name: remove_of
DELETE FROM sightings WHERE fingerprint = (SELECT sighting FROM transactions WHERE id = @id)

-- name: remove_by_identity
-- Something has come to be known of the customer that screening looks at.
DELETE FROM sightings WHERE fingerprint IN (SELECT t.sighting FROM identities i JOIN transactions t ON t.id = i.id WHERE i.hash = @hash)

-- name: there
SELECT 1 FROM sightings WHERE fingerprint = @fingerprint
