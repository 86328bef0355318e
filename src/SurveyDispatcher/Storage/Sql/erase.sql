-- name: any
SELECT 1 FROM erasures LIMIT 1

-- name: hashes
SELECT hash FROM suppressions WHERE flags >= 8

-- name: cases
SELECT id FROM cases WHERE close_reason = 'erased'

-- name: contact
SELECT country, contact FROM transactions WHERE id = @id

-- name: transaction
SELECT transaction_id, dealer_code, survey, country FROM transactions WHERE id = @id

-- name: forget_transaction
UPDATE transactions SET transaction_id = @pseudonym, vin = '', customer_id = '', purchase_date = NULL, mileage_km = NULL, contact = x'',
    opt_outs = 3, row_hash = 0, sighting = NULL, old_points = NULL
WHERE id = @id

-- name: never_look
UPDATE endings SET forget_on = NULL WHERE id = @id

-- name: forget_responses
UPDATE responses SET texts = x'', row_hash = -id WHERE case_id = @case_id

-- name: forget_attempts
UPDATE attempts SET number = x'' WHERE case_id = @case_id

-- name: forget_mails
-- Under the receipt the log of the relay has the address.
UPDATE mails SET to_hash = NULL, receipt = NULL WHERE case_id = @case_id

-- name: add
INSERT INTO erasures (at, transactions, cases) VALUES (@at, @transactions, @cases)

-- name: unfinished
SELECT 1 FROM erasures WHERE finished_at IS NULL LIMIT 1

-- name: finish
UPDATE erasures SET finished_at = @at WHERE finished_at IS NULL

-- name: list
SELECT id, kind, layout FROM lists WHERE file_name = @file_name

-- name: set_list
UPDATE lists SET rows = @rows, sha256 = @sha256 WHERE file_name = @file_name AND sha256 IS NOT NULL
