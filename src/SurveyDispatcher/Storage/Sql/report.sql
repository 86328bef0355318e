-- name: responses
-- Counted responses to events of some months, and of others that were given in some weeks. Responses are few beside cases: they lead.
SELECT c.survey, t.dealer_code, c.event_date, r.completed_at, r.questionnaire_id, r.answers
FROM responses r CROSS JOIN cases c CROSS JOIN transactions t
WHERE r.status = 'complete' AND r.duplicate_of IS NULL AND c.id = r.case_id AND c.market = @market
    AND (c.event_date BETWEEN @from AND @to OR (r.completed_at >= @since AND r.completed_at < @until)) AND t.id = r.case_id

-- name: dealers
SELECT code, name, region FROM dealers WHERE market = @market

-- name: names
-- What the newest transaction of a dealer calls him.
SELECT dealer_code, dealer_name FROM transactions WHERE id IN (SELECT max(id) FROM transactions WHERE country = @country GROUP BY dealer_code)

-- name: tallies
SELECT dealer_code, source, what, CAST(sum(count) AS BIGINT) FROM tallies
WHERE country = @country AND month BETWEEN @from AND @to GROUP BY dealer_code, source, what

-- name: mailed
-- Invitations to events of some months: how many went out or were rejected, and how many of them did not arrive.
SELECT t.dealer_code, count(*), count(*) FILTER (WHERE m.state = 'undelivered'
    OR EXISTS (SELECT 1 FROM bounces b WHERE b.case_id = m.case_id AND b.contact = 1 AND b.action = 'failed'))
FROM mails m JOIN transactions t ON t.id = m.case_id
WHERE m.contact = 1 AND m.market = @market AND m.state IN ('accepted', 'undelivered') AND t.event_date BETWEEN @from AND @to
GROUP BY t.dealer_code

-- name: contacts
SELECT dealer_code, contact FROM transactions
WHERE country = @country AND event_date BETWEEN @from AND @to AND length(contact) > 0

-- name: markets
SELECT DISTINCT market FROM cases ORDER BY market
