-- name: count_strata
-- When a market begins to aim at a number: what came before counts. A rate that was fixed stays.
INSERT INTO strata (country, survey, dealer_code, month, eligible, taken)
SELECT t.country, t.survey, t.dealer_code, substr(t.event_date, 1, 7), count(*), count(c.id)
FROM transactions t LEFT JOIN cases c ON c.id = t.id
WHERE t.country = @country AND t.survey = @survey AND (c.id IS NOT NULL OR t.reason = @reason)
GROUP BY t.country, t.survey, t.dealer_code, substr(t.event_date, 1, 7)
ON CONFLICT (country, survey, dealer_code, month) DO UPDATE SET eligible = excluded.eligible, taken = excluded.taken
