-- name: add
INSERT INTO movements (day, market, survey, transactions, screened_out, waiting, invited, reminded, phone_queued, with_vendor, completed, closed,
    mails_accepted, mails_rejected, mails_bounced, opted_out, handed_over, vendor_reports)
VALUES (@day, @market, @survey, @transactions, @screened_out, @waiting, @invited, @reminded, @phone_queued, @with_vendor, @completed, @closed,
    @mails_accepted, @mails_rejected, @mails_bounced, @opted_out, @handed_over, @vendor_reports)
ON CONFLICT (day, market, survey) DO UPDATE SET transactions = movements.transactions + excluded.transactions,
    screened_out = movements.screened_out + excluded.screened_out, waiting = movements.waiting + excluded.waiting,
    invited = movements.invited + excluded.invited, reminded = movements.reminded + excluded.reminded,
    phone_queued = movements.phone_queued + excluded.phone_queued, with_vendor = movements.with_vendor + excluded.with_vendor,
    completed = movements.completed + excluded.completed, closed = movements.closed + excluded.closed,
    mails_accepted = movements.mails_accepted + excluded.mails_accepted, mails_rejected = movements.mails_rejected + excluded.mails_rejected,
    mails_bounced = movements.mails_bounced + excluded.mails_bounced, opted_out = movements.opted_out + excluded.opted_out,
    handed_over = movements.handed_over + excluded.handed_over, vendor_reports = movements.vendor_reports + excluded.vendor_reports

-- name: add_reason
INSERT INTO reasons (kind, reason, count) VALUES (@kind, @reason, @count)
ON CONFLICT (kind, reason) DO UPDATE SET count = reasons.count + excluded.count

-- name: all
SELECT day, market, survey, transactions, screened_out, waiting, invited, reminded, phone_queued, with_vendor, completed, closed,
    mails_accepted, mails_rejected, mails_bounced, opted_out, handed_over, vendor_reports
FROM movements ORDER BY day, market, survey

-- name: reasons
-- The most frequent first.
SELECT kind, reason, count FROM reasons WHERE count <> 0 ORDER BY kind, count DESC, reason

-- name: since_line
SELECT since_line FROM counting
