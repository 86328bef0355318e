-- name: sealing
SELECT key_id FROM sealing

-- name: sealed
UPDATE sealing SET key_id = @key_id

-- name: ring
SELECT ring FROM sealing

-- name: set_ring
UPDATE sealing SET ring = @ring

-- name: contacts
SELECT id, contact FROM transactions
WHERE id > @after AND length(contact) > 0 AND substr(contact, 1, 1) <> @current ORDER BY id LIMIT @rows

-- name: texts
SELECT id, texts FROM responses
WHERE id > @after AND length(texts) > 0 AND substr(texts, 1, 1) <> @current ORDER BY id LIMIT @rows

-- name: numbers
SELECT id, number FROM attempts
WHERE id > @after AND length(number) > 0 AND substr(number, 1, 1) <> @current ORDER BY id LIMIT @rows

-- name: set_contact
UPDATE transactions SET contact = @sealed WHERE id = @id

-- name: set_text
UPDATE responses SET texts = @sealed WHERE id = @id

-- name: set_number
UPDATE attempts SET number = @sealed WHERE id = @id

-- name: quarantined
SELECT id, content FROM quarantine
WHERE id > @after AND length(content) > 0 AND substr(content, 1, 1) <> @current ORDER BY id LIMIT @rows

-- name: set_quarantined
UPDATE quarantine SET content = @sealed WHERE id = @id
