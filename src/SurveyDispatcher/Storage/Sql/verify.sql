-- name: transactions
SELECT count(*) FROM transactions

-- name: cases
SELECT count(*) FROM cases

-- name: file_with_wrong_sum
SELECT kind, name FROM files WHERE state IN ('taken', 'stored') AND rows_read <> rows_new + rows_updated + rows_unchanged + rows_rejected LIMIT 1

-- name: new_rows
SELECT coalesce(sum(rows_new), 0) FROM files WHERE kind = 'dms'

-- name: unexplained
SELECT t.id FROM transactions t WHERE t.reason IS NULL AND NOT EXISTS (SELECT 1 FROM cases c WHERE c.id = t.id) LIMIT 1

-- name: unrecorded
SELECT t.id FROM transactions t WHERE t.reason IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM ledger l WHERE l.case_id = t.id AND l.kind = 'ScreenedOut') LIMIT 1
