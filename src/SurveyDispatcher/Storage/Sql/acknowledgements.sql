-- name: last_id
SELECT coalesce(max(id), 0) FROM acknowledgements

-- name: list
SELECT id, rows, sha256 FROM lists WHERE file_name = @file_name AND state <> 'planned'

-- name: version
SELECT 1 FROM list_versions WHERE list_id = @list_id AND rows = @rows AND (sha256 = @sha256 OR @any = 1)

-- name: version_of_hash
SELECT 1 FROM list_versions WHERE list_id = @list_id AND sha256 = @sha256

-- name: add
INSERT INTO acknowledgements (id, fingerprint, list_id, file_name, status, problem, acknowledged_at, taken_on, file_id, line)
VALUES (@id, @fingerprint, @list_id, @file_name, @status, @problem, @acknowledged_at, @taken_on, @file_id, @line)
ON CONFLICT (fingerprint) DO NOTHING

-- name: unacknowledged
-- Lists that the vendor can see and has not loaded, of the time since he acknowledges at all; older ones were written before lists were numbered.
SELECT l.id, l.file_name, l.created_at, l.rows, l.market FROM lists l
WHERE l.state = 'published' AND l.cycle_id > 0 AND (@always = 1 OR l.id >= (SELECT min(list_id) FROM acknowledgements))
    AND NOT EXISTS (SELECT 1 FROM acknowledgements a WHERE a.list_id = l.id) ORDER BY l.id

-- name: wrong
-- The last word on each list by the vendor's clock, in whatever order his files came, where it is not that all was loaded; and names that are no list of ours.
SELECT a.file_name, a.problem, a.acknowledged_at, a.taken_on, coalesce(l.rows, 0), f.name, a.line, CASE WHEN a.list_id IS NULL THEN 0 ELSE 1 END
FROM acknowledgements a JOIN files f ON f.id = a.file_id LEFT JOIN lists l ON l.id = a.list_id
WHERE a.problem <> '' AND NOT EXISTS (SELECT 1 FROM acknowledgements n
    WHERE n.list_id = a.list_id AND (n.acknowledged_at > a.acknowledged_at OR (n.acknowledged_at = a.acknowledged_at AND n.id > a.id))) ORDER BY a.id

-- name: silent
-- Cases that the vendor has, of which nothing has come in since the list on which they last stood.
SELECT l.id, l.file_name, l.market, l.day, count(*)
FROM cases c JOIN list_entries e ON e.case_id = c.id JOIN lists l ON l.id = e.list_id
WHERE c.state = 'with_vendor' AND l.day <= @day AND e.list_id = (SELECT max(n.list_id) FROM list_entries n WHERE n.case_id = c.id)
    AND NOT EXISTS (SELECT 1 FROM attempts a JOIN files f ON f.id = a.file_id WHERE a.case_id = c.id AND f.cycle_id > l.cycle_id)
    AND NOT EXISTS (SELECT 1 FROM responses r JOIN files f ON f.id = r.file_id WHERE r.case_id = c.id AND f.cycle_id > l.cycle_id)
    AND NOT EXISTS (SELECT 1 FROM quarantine q JOIN files f ON f.id = q.file_id WHERE q.case_id = c.id AND f.cycle_id > l.cycle_id)
GROUP BY l.id, l.file_name, l.market, l.day ORDER BY l.id

-- name: accounts
-- What became of every case of every list. A case that stands on a later list, too, was reported in between.
SELECT l.id, l.file_name, l.market, l.day, e.call_until, c.state, coalesce(c.close_reason, ''),
    CASE WHEN EXISTS (SELECT 1 FROM list_entries n WHERE n.case_id = e.case_id AND n.list_id > e.list_id) THEN 1 ELSE 0 END AS later,
    CASE WHEN EXISTS (SELECT 1 FROM withdrawals w WHERE w.case_id = e.case_id AND w.reason <> 'window_closed') THEN 1 ELSE 0 END AS withdrawn,
    CASE WHEN EXISTS (SELECT 1 FROM attempts a JOIN files f ON f.id = a.file_id WHERE a.case_id = e.case_id AND f.cycle_id > l.cycle_id)
        OR EXISTS (SELECT 1 FROM responses r JOIN files f ON f.id = r.file_id WHERE r.case_id = e.case_id AND f.cycle_id > l.cycle_id)
        OR EXISTS (SELECT 1 FROM quarantine q JOIN files f ON f.id = q.file_id WHERE q.case_id = e.case_id AND f.cycle_id > l.cycle_id) THEN 1 ELSE 0 END AS reported,
    count(*)
FROM lists l JOIN list_entries e ON e.list_id = l.id JOIN cases c ON c.id = e.case_id
WHERE l.kind = 'phone' AND l.state <> 'planned'
GROUP BY l.id, l.file_name, l.market, l.day, e.call_until, c.state, c.close_reason, 8, 9, 10 ORDER BY l.id

-- name: last_words
-- Every list with the last word on it.
SELECT l.id, l.file_name, l.kind, l.rows, l.state, (SELECT count(*) FROM list_entries e WHERE e.list_id = l.id), a.status, a.problem, a.acknowledged_at
FROM lists l LEFT JOIN acknowledgements a ON a.id = (SELECT n.id FROM acknowledgements n WHERE n.list_id = l.id ORDER BY n.acknowledged_at DESC, n.id DESC LIMIT 1)
WHERE l.state <> 'planned' ORDER BY l.id
