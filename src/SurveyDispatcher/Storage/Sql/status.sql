-- name: funnel
SELECT t.country, t.survey, count(*), count(t.reason),
    count(*) FILTER (WHERE c.state = 'waiting'), count(*) FILTER (WHERE c.state = 'invited'), count(*) FILTER (WHERE c.state = 'reminded'),
    count(*) FILTER (WHERE c.state = 'phone_queued'), count(*) FILTER (WHERE c.state = 'with_vendor'),
    count(*) FILTER (WHERE c.state = 'completed'), count(*) FILTER (WHERE c.state = 'closed')
FROM transactions t LEFT JOIN cases c ON c.id = t.id
GROUP BY t.country, t.survey ORDER BY t.country, t.survey

-- name: screened_out
SELECT reason, count(*) FROM transactions WHERE reason IS NOT NULL GROUP BY reason ORDER BY count(*) DESC, reason

-- name: closed
SELECT close_reason, count(*) FROM cases WHERE state = 'closed' GROUP BY close_reason ORDER BY count(*) DESC, close_reason

-- name: rows
SELECT coalesce(sum(rows_read), 0), coalesce(sum(rows_new), 0), coalesce(sum(rows_updated), 0), coalesce(sum(rows_unchanged), 0),
    coalesce(sum(rows_rejected), 0)
FROM files WHERE kind = 'dms'

-- name: withdrawals_pending
SELECT count(*) FROM withdrawals WHERE list_id IS NULL

-- name: refused
SELECT kind, name, problem FROM files WHERE state = 'refused' ORDER BY id DESC LIMIT 20
