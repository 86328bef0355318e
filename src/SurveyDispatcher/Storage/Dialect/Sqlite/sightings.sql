-- name: seen
-- Whether the row changes nothing on this day.
SELECT 1 FROM sightings WHERE fingerprint = @fingerprint AND until > @today AND policy_id = @policy_id
