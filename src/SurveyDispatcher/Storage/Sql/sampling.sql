-- name: stratum
SELECT eligible, taken, rate FROM strata WHERE country = @country AND survey = @survey AND dealer_code = @dealer_code AND month = @month

-- name: save_stratum
INSERT INTO strata (country, survey, dealer_code, month, eligible, taken, rate) VALUES (@country, @survey, @dealer_code, @month, @eligible, @taken, @rate)
ON CONFLICT (country, survey, dealer_code, month) DO UPDATE SET eligible = excluded.eligible, taken = excluded.taken, rate = excluded.rate

-- name: sample
SELECT rate, taken, policy_id FROM samples WHERE id = @id

-- name: save_sample
INSERT INTO samples (id, rate, taken, policy_id) VALUES (@id, @rate, @taken, @policy_id)
ON CONFLICT (id) DO UPDATE SET rate = excluded.rate, taken = excluded.taken, policy_id = excluded.policy_id
