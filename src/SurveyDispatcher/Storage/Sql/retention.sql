-- name: ended
-- The case has ended, or something was learnt about it afterwards.
INSERT INTO endings (id, ended_on, forget_on) VALUES (@id, @ended_on, @forget_on)
ON CONFLICT (id) DO UPDATE SET ended_on = excluded.ended_on, forget_on = excluded.forget_on

-- name: open
DELETE FROM endings WHERE id = @id

-- name: rules
SELECT rules FROM retention

-- name: set_rules
UPDATE retention SET rules = @rules

-- name: look_again
UPDATE endings SET forget_on = ended_on

-- name: due
-- In order of the day on which something is due; what was looked at moves behind today, or out of the index.
SELECT t.id, t.country, e.ended_on, e.forget_on, length(t.contact) > 0, t.vin <> '' OR t.customer_id <> '',
    EXISTS (SELECT 1 FROM responses r WHERE r.case_id = t.id AND length(r.texts) > 0),
    EXISTS (SELECT 1 FROM attempts a WHERE a.case_id = t.id AND length(a.number) > 0)
        OR EXISTS (SELECT 1 FROM quarantine q WHERE q.case_id = t.id AND length(q.content) > 0)
FROM endings e JOIN transactions t ON t.id = e.id
WHERE e.forget_on <= @day AND (e.forget_on, e.id) > (@on, @after)
ORDER BY e.forget_on, e.id LIMIT @rows

-- name: contact_of
SELECT contact, EXISTS (SELECT 1 FROM cases c WHERE c.id = t.id) FROM transactions t WHERE id = @id

-- name: vin_of
SELECT vin FROM transactions WHERE id = @id

-- name: contact
UPDATE transactions SET contact = x'' WHERE id = @id

-- name: vehicle
UPDATE transactions SET vin = '', customer_id = '' WHERE id = @id

-- name: free_text
UPDATE responses SET texts = x'' WHERE case_id = @case_id

-- name: call_notes
UPDATE attempts SET number = x'' WHERE case_id = @case_id

-- name: look_on
UPDATE endings SET forget_on = @on WHERE id = @id
