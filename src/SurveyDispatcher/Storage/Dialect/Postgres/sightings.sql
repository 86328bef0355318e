-- name: seen
SELECT fingerprint FROM sightings WHERE fingerprint = ANY(@fingerprints) AND until > @today AND policy_id = @policy_id
