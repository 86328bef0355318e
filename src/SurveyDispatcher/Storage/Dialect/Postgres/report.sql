-- name: outcomes
-- Ended cases of a market with events of some months, and what decides their final disposition.
SELECT c.id, c.market, c.survey, c.event_date, c.state, c.close_reason, c.invited_on, c.reminded_on, c.phone_on, c.phone_reason,
    c.call_until, c.completed_on, c.response_mode, c.mail_failed, c.next_look_on, t.dealer_code,
    (SELECT string_agg(a.code, '|' ORDER BY a.attempt) FROM attempts a WHERE a.case_id = c.id),
    (SELECT count(*) FROM responses r WHERE r.case_id = c.id AND r.status = 'partial')
FROM cases c JOIN transactions t ON t.id = c.id
WHERE c.state IN ('completed', 'closed') AND c.market = @market AND c.event_date BETWEEN @from AND @to
