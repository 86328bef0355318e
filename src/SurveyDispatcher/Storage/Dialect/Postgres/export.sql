-- name: dispositions
-- A case that is completed is that, whatever was tried.
SELECT c.id, c.market, c.survey, t.dealer_code, c.event_date, c.state, c.close_reason, c.invited_on, c.call_until, c.mail_failed,
    CASE WHEN c.state = 'closed' THEN (SELECT string_agg(a.code, '|' ORDER BY a.attempt) FROM attempts a WHERE a.case_id = c.id) END,
    CASE WHEN c.state = 'closed' THEN (SELECT string_agg(p.status, '|') FROM responses p WHERE p.case_id = c.id) END
FROM cases c JOIN transactions t ON t.id = c.id WHERE c.state IN ('completed', 'closed') ORDER BY c.id

-- name: interviews
SELECT r.id, r.case_id, c.market, c.survey, t.dealer_code, t.customer_id, c.event_date, r.mode, r.status, r.completed_at, r.language, t.language,
    q.version, r.late, r.duplicate_of, r.flags, r.seconds, c.invited_on, c.reminded_on, c.phone_on, c.state, c.close_reason, c.invited_on, c.call_until, c.mail_failed,
    (SELECT string_agg(a.code, '|' ORDER BY a.attempt) FROM attempts a WHERE a.case_id = c.id),
    (SELECT string_agg(p.status, '|') FROM responses p WHERE p.case_id = c.id)
FROM responses r JOIN cases c ON c.id = r.case_id JOIN transactions t ON t.id = r.case_id JOIN questionnaires q ON q.id = r.questionnaire_id
ORDER BY r.id
