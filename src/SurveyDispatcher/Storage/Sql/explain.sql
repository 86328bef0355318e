-- name: find
SELECT id FROM transactions WHERE transaction_id = @key
UNION
SELECT id FROM transactions WHERE vin = @vin
ORDER BY id LIMIT 50

-- name: transaction
SELECT t.transaction_id, t.dealer_code, t.survey, t.country, t.cancelled, t.event_date, t.purchase_date, t.vin, t.mileage_km,
    t.customer_type, t.payment_type, t.opt_outs, t.contact, coalesce(f.name, ''), t.line, t.reason, t.screened_on
FROM transactions t LEFT JOIN files f ON f.id = t.file_id WHERE t.id = @id
