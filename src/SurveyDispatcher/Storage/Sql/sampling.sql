-- name: stratum
SELECT eligible, taken, rate FROM strata WHERE country = @country AND survey = @survey AND dealer_code = @dealer_code AND month = @month

-- name: save_stratum
INSERT INTO strata (country, survey, dealer_code, month, eligible, taken, rate) VALUES (@country, @survey, @dealer_code, @month, @eligible, @taken, @rate)
ON CONFLICT (country, survey, dealer_code, month) DO UPDATE SET eligible = excluded.eligible, taken = excluded.taken, rate = excluded.rate

-- name: count_strata
-- When a market begins to aim at a number: what came before counts. A rate that was fixed stays.
INSERT INTO strata (country, survey, dealer_code, month, eligible, taken)
SELECT t.country, t.survey, t.dealer_code, substr(CAST(t.event_date AS TEXT), 1, 7), count(*), count(c.id)
FROM transactions t LEFT JOIN cases c ON c.id = t.id
WHERE t.country = @country AND t.survey = @survey AND (c.id IS NOT NULL OR t.reason = @reason)
GROUP BY t.country, t.survey, t.dealer_code, substr(CAST(t.event_date AS TEXT), 1, 7)
ON CONFLICT (country, survey, dealer_code, month) DO UPDATE SET eligible = excluded.eligible, taken = excluded.taken

-- name: sample
SELECT rate, taken, policy_id FROM samples WHERE id = @id

-- name: save_sample
INSERT INTO samples (id, rate, taken, policy_id) VALUES (@id, @rate, @taken, @policy_id)
ON CONFLICT (id) DO UPDATE SET rate = excluded.rate, taken = excluded.taken, policy_id = excluded.policy_id
