-- name: find_to_change
SELECT id, market, survey, event_date, state, close_reason, invited_on, reminded_on, phone_on, phone_reason, call_until,
    completed_on, response_mode, mail_failed, next_look_on
FROM cases WHERE id = @id

-- name: lock_suppressions
-- Nobody else can write.
SELECT 1
