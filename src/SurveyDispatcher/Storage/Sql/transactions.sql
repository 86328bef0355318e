-- name: last_id
SELECT coalesce(max(id), 0) FROM transactions

-- name: by_hashes
-- Whoever has the hash of the key; the key itself must be compared.
SELECT t.id, t.row_hash, t.sighting, t.reason, t.contact, t.vin, t.transaction_id, t.dealer_code, t.survey, t.country,
    c.id, c.market, c.survey, c.event_date, c.state, c.close_reason, c.invited_on, c.reminded_on,
    c.phone_on, c.phone_reason, c.call_until, c.completed_on, c.response_mode, c.mail_failed, c.next_look_on
FROM identities i JOIN transactions t ON t.id = i.id LEFT JOIN cases c ON c.id = t.id
WHERE i.hash IN (SELECT value FROM json_each(@hashes))

-- name: insert
INSERT INTO transactions (id, transaction_id, dealer_code, survey, country, dealer_name, cancelled, event_date, purchase_date,
    vin, model, mileage_km, customer_type, payment_type, customer_id, language, opt_outs, contact, row_hash, sighting, file_id, line,
    reason, failed_rules, screened_on, policy_id)
VALUES (@id, @transaction_id, @dealer_code, @survey, @country, @dealer_name, @cancelled, @event_date, @purchase_date,
    @vin, @model, @mileage_km, @customer_type, @payment_type, @customer_id, @language, @opt_outs, @contact, @row_hash, @sighting,
    @file_id, @line, @reason, @failed_rules, @screened_on, @policy_id)

-- name: update_row
-- What retention has removed (forgotten: 1) does not come back with a newer row, unless the customer may be asked now.
UPDATE transactions SET dealer_name = @dealer_name, cancelled = @cancelled, event_date = @event_date,
    purchase_date = @purchase_date, vin = CASE WHEN @forgotten = 1 AND vin = '' THEN vin ELSE @vin END, model = @model,
    mileage_km = @mileage_km, customer_type = @customer_type, payment_type = @payment_type,
    customer_id = CASE WHEN @forgotten = 1 AND vin = '' THEN customer_id ELSE @customer_id END, language = @language, opt_outs = @opt_outs,
    contact = CASE WHEN @forgotten = 1 AND length(contact) = 0 THEN contact ELSE @contact END,
    row_hash = @row_hash, sighting = @sighting, file_id = @file_id, line = @line
WHERE id = @id

-- name: update_contact
-- After the first contact: contact data, opt-outs and a cancellation take effect, nothing else. Contact data that was removed
-- does not come back: an open case has it.
UPDATE transactions SET language = @language, opt_outs = @opt_outs,
    contact = CASE WHEN length(contact) = 0 THEN contact ELSE @contact END, cancelled = CASE WHEN cancelled = 1 THEN 1 ELSE @cancelled END,
    row_hash = @row_hash, sighting = @sighting, file_id = @file_id, line = @line
WHERE id = @id

-- name: set_sighting
UPDATE transactions SET sighting = @sighting WHERE id = @id

-- name: add_dealer_survey
INSERT INTO dealer_surveys (country, dealer_code, survey) VALUES (@country, @dealer_code, @survey) ON CONFLICT DO NOTHING

-- name: dealer_surveys
SELECT country, dealer_code, survey FROM dealer_surveys

-- name: update_verdict
UPDATE transactions SET reason = @reason, failed_rules = @failed_rules, screened_on = @screened_on, policy_id = @policy_id
WHERE id = @id
