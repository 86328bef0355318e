-- name: open
INSERT INTO cases (id, market, survey, event_date, state, mail_failed, next_look_on)
VALUES (@id, @market, @survey, @event_date, @state, @mail_failed, @next_look_on)

-- name: save
UPDATE cases SET event_date = @event_date, state = @state, close_reason = @close_reason, invited_on = @invited_on,
    reminded_on = @reminded_on, phone_on = @phone_on, phone_reason = @phone_reason, call_until = @call_until,
    completed_on = @completed_on, response_mode = @response_mode, mail_failed = @mail_failed, next_look_on = @next_look_on
WHERE id = @id

-- name: save_many
INSERT INTO cases (id, market, survey, event_date, state, close_reason, invited_on, reminded_on, phone_on, phone_reason, call_until,
    completed_on, response_mode, mail_failed, next_look_on)
VALUES (@id, @market, @survey, @event_date, @state, @close_reason, @invited_on, @reminded_on, @phone_on, @phone_reason, @call_until,
    @completed_on, @response_mode, @mail_failed, @next_look_on)
ON CONFLICT (id) DO UPDATE SET event_date = excluded.event_date, state = excluded.state, close_reason = excluded.close_reason, invited_on = excluded.invited_on,
    reminded_on = excluded.reminded_on, phone_on = excluded.phone_on, phone_reason = excluded.phone_reason, call_until = excluded.call_until,
    completed_on = excluded.completed_on, response_mode = excluded.response_mode, mail_failed = excluded.mail_failed, next_look_on = excluded.next_look_on

-- name: find_many
SELECT id, market, survey, event_date, state, close_reason, invited_on, reminded_on, phone_on, phone_reason, call_until,
    completed_on, response_mode, mail_failed, next_look_on
FROM cases WHERE id IN (SELECT value FROM json_each(@ids))

-- name: find
SELECT id, market, survey, event_date, state, close_reason, invited_on, reminded_on, phone_on, phone_reason, call_until,
    completed_on, response_mode, mail_failed, next_look_on
FROM cases WHERE id = @id

-- name: all
SELECT id, market, survey, event_date, state, close_reason, invited_on, reminded_on, phone_on, phone_reason, call_until,
    completed_on, response_mode, mail_failed, next_look_on
FROM cases ORDER BY id

-- name: look_now_by_identity
-- The day is before any local date, so the next planning looks at the case. One that should have been looked at before stays so.
UPDATE cases SET next_look_on = CASE WHEN next_look_on < @day THEN next_look_on ELSE @day END
WHERE id IN (SELECT id FROM identities WHERE hash = @hash) AND state NOT IN ('completed', 'closed')

-- name: look_now
UPDATE cases SET next_look_on = CASE WHEN next_look_on < @day THEN next_look_on ELSE @day END WHERE id = @id AND state NOT IN ('completed', 'closed')

-- name: look_at_all_now
UPDATE cases SET next_look_on = @day WHERE next_look_on > @day

-- name: create_due
CREATE TEMP TABLE IF NOT EXISTS due (position INTEGER PRIMARY KEY, id INTEGER NOT NULL)

-- name: clear_due
DELETE FROM due

-- name: fill_due
-- In the order that the rest period asks for: the earliest event first, then the case.
INSERT INTO due (position, id) SELECT row_number() OVER (ORDER BY event_date, id), id FROM cases WHERE next_look_on <= @day

-- name: fill_due_with_vendor
-- Those that stand on one of the vendor's lists.
INSERT INTO due (position, id) SELECT row_number() OVER (ORDER BY id), id FROM cases
WHERE next_look_on <= @day AND call_until IS NOT NULL AND state IN ('with_vendor', 'phone_queued')

-- name: count_due
SELECT count(*) FROM due

-- name: due_page
SELECT c.id, c.market, c.survey, c.event_date, c.state, c.close_reason, c.invited_on, c.reminded_on, c.phone_on,
    c.phone_reason, c.call_until, c.completed_on, c.response_mode, c.mail_failed, c.next_look_on,
    t.contact, t.opt_outs, t.cancelled
FROM due JOIN cases c ON c.id = due.id JOIN transactions t ON t.id = c.id
WHERE due.position > @after AND due.position <= @until
ORDER BY due.position

-- name: contact_of
SELECT contact, opt_outs FROM transactions WHERE id = @id

-- name: other_contacts
-- First contacts of the same customers, those included that are only a moment away.
SELECT i.hash, i.id, coalesce(c.invited_on, c.phone_on, @today)
FROM identities i JOIN cases c ON c.id = i.id
WHERE i.hash IN (SELECT value FROM json_each(@hashes))
    AND (coalesce(c.invited_on, c.phone_on) >= @since
        OR (coalesce(c.invited_on, c.phone_on) IS NULL AND (c.state = 'phone_queued'
            OR EXISTS (SELECT 1 FROM mails m WHERE m.case_id = c.id AND m.contact = 1 AND m.settled_in IS NULL))))

-- name: suppressions_of
SELECT hash, flags FROM suppressions WHERE hash IN (SELECT value FROM json_each(@hashes))

-- name: any_suppression
SELECT 1 FROM suppressions LIMIT 1

-- name: suppression_of
SELECT flags FROM suppressions WHERE hash = @hash

-- name: count_suppression
UPDATE suppression_sums SET suppressions = suppressions + @added, flags = flags + @flags

-- name: suppression_sums
SELECT suppressions, flags FROM suppression_sums

-- name: suppress
INSERT INTO suppressions (hash, flags, since) VALUES (@hash, @flags, @since)
ON CONFLICT (hash) DO UPDATE SET flags = suppressions.flags | excluded.flags

-- name: add_withdrawal
INSERT INTO withdrawals (case_id, market, reason, at) VALUES (@case_id, @market, @reason, @at)
