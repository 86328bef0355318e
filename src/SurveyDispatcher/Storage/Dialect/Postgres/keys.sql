-- name: uses
SELECT encode(key_id, 'hex'), count(*) FROM (
    SELECT substr(contact, 1, 1) AS key_id FROM transactions WHERE length(contact) > 0
    UNION ALL SELECT substr(texts, 1, 1) FROM responses WHERE length(texts) > 0
    UNION ALL SELECT substr(number, 1, 1) FROM attempts WHERE length(number) > 0
    UNION ALL SELECT substr(content, 1, 1) FROM quarantine WHERE length(content) > 0) sealed
GROUP BY key_id
