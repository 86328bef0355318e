-- name: find_to_change
-- Until the end of the transaction nobody else changes it.
SELECT id, market, survey, event_date, state, close_reason, invited_on, reminded_on, phone_on, phone_reason, call_until,
    completed_on, response_mode, mail_failed, next_look_on
FROM cases WHERE id = @id FOR UPDATE

-- name: lock_suppressions
-- The sums are of all writers.
SELECT suppressions FROM suppression_sums FOR UPDATE
