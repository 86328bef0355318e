-- name: find
-- The hashes say where to look, the row says whether it is meant.
SELECT t.id FROM identities i JOIN transactions t ON t.id = i.id
WHERE i.hash IN (SELECT value FROM json_each(@hashes)) AND (t.transaction_id = @key OR t.vin = @vin)
ORDER BY t.id LIMIT 50

-- name: transaction
SELECT t.transaction_id, t.dealer_code, t.survey, t.country, t.cancelled, t.event_date, t.purchase_date, t.vin, t.mileage_km,
    t.customer_type, t.payment_type, t.opt_outs, t.contact, coalesce(f.name, ''), t.line, t.reason, t.screened_on
FROM transactions t LEFT JOIN files f ON f.id = t.file_id WHERE t.id = @id
