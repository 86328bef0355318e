-- name: cases
SELECT c.id, c.market, c.survey, t.dealer_code, t.transaction_id, t.vin, c.event_date, c.state, c.close_reason, c.invited_on, c.reminded_on, c.phone_on,
    c.phone_reason, c.completed_on, c.response_mode, t.contact, s.rate
FROM cases c JOIN transactions t ON t.id = c.id LEFT JOIN samples s ON s.id = c.id AND s.taken <> 0 ORDER BY c.id

-- name: screening
SELECT country, survey, dealer_code, transaction_id, event_date, reason, screened_on FROM transactions ORDER BY id

-- name: responses
-- One row a counted response: the first complete one of a case, also of one that was closed before.
SELECT r.case_id, c.market, c.survey, t.dealer_code, c.event_date, r.mode, r.completed_at, r.language, t.language, r.late, r.questionnaire_id, r.answers, r.texts
FROM responses r JOIN cases c ON c.id = r.case_id JOIN transactions t ON t.id = r.case_id
WHERE r.status = 'complete' AND r.duplicate_of IS NULL
ORDER BY r.id

-- name: answers
SELECT r.id, r.case_id, c.market, c.survey, r.questionnaire_id, r.answers, q.version, r.status, r.duplicate_of
FROM responses r JOIN cases c ON c.id = r.case_id JOIN questionnaires q ON q.id = r.questionnaire_id ORDER BY r.id

-- name: texts
SELECT r.id, r.case_id, c.market, c.survey, r.texts, q.version, r.status, r.duplicate_of
FROM responses r JOIN cases c ON c.id = r.case_id JOIN questionnaires q ON q.id = r.questionnaire_id WHERE r.texts <> x'' ORDER BY r.id

-- name: attempts
SELECT a.case_id, c.market, c.survey, t.dealer_code, a.attempt, a.attempted_at, a.code, a.final, a.number
FROM attempts a JOIN cases c ON c.id = a.case_id JOIN transactions t ON t.id = a.case_id
ORDER BY a.case_id, a.attempt
