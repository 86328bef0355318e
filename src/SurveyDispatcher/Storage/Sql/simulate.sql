-- What a simulation reads, once, in the order in which it lies.

-- name: transactions
SELECT t.id, t.country, t.survey, coalesce(c.event_date, t.event_date), t.purchase_date, t.mileage_km, t.customer_type, t.payment_type, t.cancelled,
    t.opt_outs, t.contact, t.old_points
FROM transactions t LEFT JOIN cases c ON c.id = t.id ORDER BY t.id

-- name: draws
SELECT id, country, dealer_code, survey, transaction_id FROM transactions ORDER BY id

-- name: last_transaction
SELECT coalesce(max(id), 0) FROM transactions

-- name: suppressions
SELECT hash, flags, since FROM suppressions

-- name: ledger
-- By line and not by case, in which order it would be read from everywhere: who reads it puts the facts of a case together.
SELECT case_id, day, kind, detail, policy_id, cycle_id FROM ledger ORDER BY seq

-- name: policies
SELECT id, programme FROM policies

-- name: days
-- Those on which contacts were decided: between two cycles nobody is contacted.
SELECT DISTINCT day FROM cycles WHERE kind = 'full'

-- name: between
SELECT id FROM cycles WHERE kind <> 'full'

-- name: open
SELECT c.id, c.market, c.survey, c.event_date, c.state, c.close_reason, c.invited_on, c.reminded_on, c.phone_on, c.phone_reason, c.call_until,
    c.completed_on, c.response_mode, c.mail_failed, c.next_look_on, t.contact, t.opt_outs, t.cancelled,
    CASE WHEN EXISTS (SELECT 1 FROM mails m WHERE m.case_id = c.id AND m.contact = 1 AND m.settled_in IS NULL) THEN 1 ELSE 0 END
FROM cases c JOIN transactions t ON t.id = c.id WHERE c.state NOT IN ('completed', 'closed') ORDER BY c.id

-- name: identities
SELECT hash, id FROM identities ORDER BY hash, id

-- name: contacts
-- How long each contact was waited for: a case that has ended has done so on the day of its last fact.
SELECT c.market, c.invited_on, c.reminded_on, c.phone_on, c.call_until, c.completed_on, c.close_reason, c.mail_failed, e.ended_on, c.id
FROM cases c LEFT JOIN endings e ON e.id = c.id WHERE c.invited_on IS NOT NULL OR c.call_until IS NOT NULL ORDER BY c.id

-- name: attempts
SELECT case_id, attempted_at FROM attempts ORDER BY id

-- name: keys
SELECT id, dealer_code, transaction_id, CASE WHEN EXISTS (SELECT 1 FROM cases c WHERE c.id = t.id) THEN 1 ELSE 0 END
FROM transactions t WHERE id IN (SELECT value FROM json_each(@ids)) ORDER BY id
