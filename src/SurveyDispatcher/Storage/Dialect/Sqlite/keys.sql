-- name: uses
-- How many values each key has sealed.
SELECT key_id, count(*) FROM (
    SELECT hex(substr(contact, 1, 1)) AS key_id FROM transactions WHERE length(contact) > 0
    UNION ALL SELECT hex(substr(texts, 1, 1)) FROM responses WHERE length(texts) > 0
    UNION ALL SELECT hex(substr(number, 1, 1)) FROM attempts WHERE length(number) > 0
    UNION ALL SELECT hex(substr(content, 1, 1)) FROM quarantine WHERE length(content) > 0)
GROUP BY key_id
