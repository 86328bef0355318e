-- name: funnel
-- The sums of a few rows a day; no case is counted.
SELECT market, survey, sum(transactions), sum(screened_out), sum(waiting), sum(invited), sum(reminded), sum(phone_queued), sum(with_vendor),
    sum(completed), sum(closed)
FROM movements GROUP BY market, survey ORDER BY market, survey

-- name: recent
-- What happened to mails and contacts since a day, by market.
SELECT market, sum(mails_accepted), sum(mails_rejected), sum(mails_bounced), sum(opted_out), sum(handed_over)
FROM movements WHERE day >= @since GROUP BY market ORDER BY market

-- name: off_mail
-- Cases that went to the phone since a day as the customer wants no more mail, by market: on the lists of these days, or on none yet.
-- Who has since ended as opted out is counted with the movements.
SELECT market, count(*) FROM (
    SELECT c.id, c.market FROM lists l CROSS JOIN list_entries e CROSS JOIN cases c
    WHERE l.day >= @since AND l.kind = 'phone' AND e.list_id = l.id AND c.id = e.case_id AND e.reason = 'email_opt_out' AND coalesce(c.close_reason, '') <> 'opted_out'
    UNION SELECT id, market FROM cases WHERE state = 'phone_queued' AND phone_reason = 'email_opt_out' AND phone_on >= @since) gone
GROUP BY market

-- name: vendors
-- On which days a market's vendor was given cases, and on which he sent anything back.
SELECT market, day, sum(handed_over), sum(vendor_reports) FROM movements WHERE handed_over > 0 OR vendor_reports > 0
GROUP BY market, day ORDER BY market, day

-- name: rows
SELECT coalesce(sum(rows_read), 0), coalesce(sum(rows_new), 0), coalesce(sum(rows_updated), 0), coalesce(sum(rows_unchanged), 0),
    coalesce(sum(rows_rejected), 0)
FROM files WHERE kind = 'dms'

-- name: mail_queue
-- Open mails, and the first day for which one was planned; all in the index.
SELECT count(*), min(planned_on) FROM mails WHERE settled_in IS NULL

-- name: mail_queue_oldest
-- The first mail of a day: each market is read up to its own first one, or to its end.
SELECT m.planned_on, m.case_id, m.market
FROM (SELECT DISTINCT market FROM movements) k JOIN mails m
    ON m.id = (SELECT o.id FROM mails o WHERE o.market = k.market AND o.settled_in IS NULL AND o.planned_on = @day ORDER BY o.id LIMIT 1)
ORDER BY m.id LIMIT 1

-- name: phone_queue
SELECT phone_on, id, market FROM cases WHERE state = 'phone_queued' ORDER BY phone_on, id LIMIT 1

-- name: withdrawal_queue
SELECT count(*), min(at) FROM withdrawals WHERE list_id IS NULL

-- name: lists_waiting
-- Phone lists with cases that the vendor still has and has never said anything of: all that he has, less those of which he has.
-- CROSS makes SQLite begin with the cases; asked for those of which there is nothing, PostgreSQL would read the attempts once a case.
SELECT l.file_name, l.market, l.survey, l.day, l.rows, w.cases
FROM (SELECT held.list_id, sum(held.cases) AS cases
      FROM (SELECT e.list_id, count(*) AS cases FROM cases c CROSS JOIN list_entries e WHERE c.state = 'with_vendor' AND e.case_id = c.id GROUP BY e.list_id
            UNION ALL
            SELECT e.list_id, -count(*) FROM cases c CROSS JOIN list_entries e
            WHERE c.state = 'with_vendor' AND e.case_id = c.id AND EXISTS (SELECT 1 FROM attempts a WHERE a.case_id = c.id) GROUP BY e.list_id) held
      GROUP BY held.list_id) w
    JOIN lists l ON l.id = w.list_id
WHERE w.cases > 0 ORDER BY l.day, l.id

-- name: past_look
-- Neither queued, nor waiting for its mail to go out.
SELECT c.id, c.market, c.next_look_on FROM cases c
WHERE c.next_look_on < @day AND c.state <> 'phone_queued' AND NOT EXISTS (SELECT 1 FROM mails m WHERE m.case_id = c.id AND m.settled_in IS NULL)
ORDER BY c.next_look_on, c.id LIMIT 1

-- name: last_done
-- Between two cycles no case is looked at.
SELECT max(day) FROM cycles WHERE outcome = 'done' AND kind = 'full'

-- name: refused
-- All since a day, and the latest ones before it.
SELECT f.id, f.kind, f.name, f.problem, c.day FROM files f JOIN cycles c ON c.id = f.cycle_id
WHERE f.state = 'refused' AND (c.day >= @since
    OR f.id >= (SELECT min(id) FROM (SELECT id FROM files WHERE state = 'refused' ORDER BY id DESC LIMIT 20) latest))
ORDER BY f.id DESC

-- name: taken_after
SELECT id, kind, name FROM files WHERE id > @id AND state <> 'refused' ORDER BY id

-- name: extracts
SELECT f.name, c.day, f.state, f.rows_read, f.rows_rejected, s.empty
FROM files f JOIN cycles c ON c.id = f.cycle_id LEFT JOIN file_shapes s ON s.file_id = f.id
WHERE f.kind = 'dms' AND c.day >= @since ORDER BY f.id

-- name: first_cycle
SELECT min(day) FROM cycles

-- name: mail_stage
-- The latest mail stage, and when the relay last answered in any.
SELECT s.cycle_id, s.started_at, s.noted_at, s.ended, s.accepted, s.rejected, s.deferred, s.fault_at, s.fault, s.fault_detail, s.stopped,
    (SELECT max(answered_at) FROM mail_stages)
FROM mail_stages s ORDER BY s.cycle_id DESC LIMIT 1

-- name: handed_abroad
-- A person stands once under a year, market and country: no row has to be compared with another.
SELECT year, market, country, count(*) FROM handed_over WHERE country <> market GROUP BY year, market, country ORDER BY year DESC, market, country

-- name: handed_to_several
-- Persons whose data went to more than one other country.
SELECT count(DISTINCT person) FROM handed_over WHERE year = @year AND market = @market AND country <> market
