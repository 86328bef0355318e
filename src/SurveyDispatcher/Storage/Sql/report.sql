-- name: responses
-- Those that count: each case that has one is completed, or was closed before.
SELECT case_id, completed_at, questionnaire_id, answers FROM responses WHERE status = 'complete' AND duplicate_of IS NULL

-- name: open
-- Dealers with a case of these days that has not ended.
SELECT DISTINCT c.market, c.survey, t.dealer_code FROM cases c JOIN transactions t ON t.id = c.id
WHERE c.state NOT IN ('completed', 'closed') AND c.event_date BETWEEN @from AND @to

-- name: dealers
SELECT market, code, name, region FROM dealers

-- name: names
SELECT id, country, dealer_code, dealer_name FROM transactions

-- name: tallies
SELECT dealer_code, source, what, CAST(sum(count) AS BIGINT) FROM tallies
WHERE country = @country AND month BETWEEN @from AND @to GROUP BY dealer_code, source, what

-- name: unread
-- Rejected rows of which not even the market could be read: they are shown to each market that their source delivers to, and to all where it delivers to none.
SELECT source, what, CAST(sum(count) AS BIGINT) FROM tallies u
WHERE country = '' AND month BETWEEN @from AND @to
    AND (EXISTS (SELECT 1 FROM tallies t WHERE t.country = @country AND t.source = u.source AND t.month BETWEEN @from AND @to)
        OR NOT EXISTS (SELECT 1 FROM tallies t WHERE t.country <> '' AND t.source = u.source AND t.month BETWEEN @from AND @to))
GROUP BY source, what

-- name: mailed
-- Invitations to events of some months: how many went out or were rejected, and how many of them did not arrive.
SELECT t.dealer_code, count(*), count(*) FILTER (WHERE m.state = 'undelivered'
    OR EXISTS (SELECT 1 FROM bounces b WHERE b.case_id = m.case_id AND b.contact = 1 AND b.action = 'failed'))
FROM mails m JOIN transactions t ON t.id = m.case_id
WHERE m.contact = 1 AND m.market = @market AND m.state IN ('accepted', 'undelivered') AND t.event_date BETWEEN @from AND @to
GROUP BY t.dealer_code

-- name: contacts
-- Of private customers.
SELECT dealer_code, contact FROM transactions
WHERE country = @country AND event_date BETWEEN @from AND @to AND length(contact) > 0 AND customer_type = 'individual'

-- name: markets
-- Those with a case, and those of which something was counted, though it was rejected.
SELECT market FROM cases UNION SELECT country FROM tallies ORDER BY 1
