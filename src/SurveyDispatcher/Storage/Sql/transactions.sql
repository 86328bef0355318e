-- name: last_id
SELECT coalesce(max(id), 0) FROM transactions

-- name: by_key
SELECT t.id, t.row_hash, t.reason, t.contact, c.id, c.market, c.survey, c.event_date, c.state, c.close_reason, c.invited_on, c.reminded_on,
    c.phone_on, c.phone_reason, c.call_until, c.completed_on, c.response_mode, c.mail_failed, c.next_look_on
FROM transactions t LEFT JOIN cases c ON c.id = t.id
WHERE t.transaction_id = @transaction_id AND t.dealer_code = @dealer_code AND t.survey = @survey AND t.country = @country

-- name: by_keys
SELECT t.id, t.row_hash, t.reason, t.contact, c.id, c.market, c.survey, c.event_date, c.state, c.close_reason, c.invited_on, c.reminded_on,
    c.phone_on, c.phone_reason, c.call_until, c.completed_on, c.response_mode, c.mail_failed, c.next_look_on,
    t.transaction_id, t.dealer_code, t.survey, t.country
FROM json_each(@keys) k
    JOIN transactions t ON t.transaction_id = k.value ->> 0 AND t.dealer_code = k.value ->> 1 AND t.survey = k.value ->> 2
        AND t.country = k.value ->> 3
    LEFT JOIN cases c ON c.id = t.id

-- name: insert
-- Changes nothing when the transaction is known: cheaper than asking first, where most rows are new.
INSERT INTO transactions (id, transaction_id, dealer_code, survey, country, dealer_name, cancelled, event_date, purchase_date,
    vin, model, mileage_km, customer_type, payment_type, customer_id, language, opt_outs, contact, row_hash, file_id, line,
    reason, failed_rules, screened_on, policy_id, ended_on, forget_on)
VALUES (@id, @transaction_id, @dealer_code, @survey, @country, @dealer_name, @cancelled, @event_date, @purchase_date,
    @vin, @model, @mileage_km, @customer_type, @payment_type, @customer_id, @language, @opt_outs, @contact, @row_hash,
    @file_id, @line, @reason, @failed_rules, @screened_on, @policy_id,
    CASE WHEN @reason IS NOT NULL THEN @screened_on END, @forget_on)
ON CONFLICT (transaction_id, dealer_code, survey, country) DO NOTHING

-- name: update_row
-- What retention has removed (forgotten: 1) does not come back with a newer row, unless the customer may be asked now.
UPDATE transactions SET dealer_name = @dealer_name, cancelled = @cancelled, event_date = @event_date,
    purchase_date = @purchase_date, vin = CASE WHEN @forgotten AND vin = '' THEN vin ELSE @vin END, model = @model,
    mileage_km = @mileage_km, customer_type = @customer_type, payment_type = @payment_type,
    customer_id = CASE WHEN @forgotten AND vin = '' THEN customer_id ELSE @customer_id END, language = @language, opt_outs = @opt_outs,
    contact = CASE WHEN @forgotten AND length(contact) = 0 THEN contact ELSE @contact END,
    row_hash = @row_hash, file_id = @file_id, line = @line
WHERE id = @id

-- name: update_contact
-- After the first contact: contact data, opt-outs and a cancellation take effect, nothing else. Contact data that was removed
-- does not come back: an open case has it.
UPDATE transactions SET language = @language, opt_outs = @opt_outs,
    contact = CASE WHEN length(contact) = 0 THEN contact ELSE @contact END, cancelled = max(cancelled, @cancelled),
    row_hash = @row_hash, file_id = @file_id, line = @line
WHERE id = @id

-- name: update_verdict
UPDATE transactions SET reason = @reason, failed_rules = @failed_rules, screened_on = @screened_on, policy_id = @policy_id,
    ended_on = CASE WHEN @reason IS NOT NULL THEN @screened_on END, forget_on = @forget_on
WHERE id = @id
