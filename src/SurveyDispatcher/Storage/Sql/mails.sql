-- A mail is open while settled_in is null: queued, or claimed. The open ones have a partial index.

-- name: plan
-- Once per case and contact, whatever happens; a contact that was dropped before it was made may be planned again.
INSERT INTO mails (case_id, contact, market, state, planned_on) VALUES (@case_id, @contact, @market, 'queued', @planned_on)
ON CONFLICT (case_id, contact) DO UPDATE SET state = 'queued', planned_on = excluded.planned_on, settled_in = NULL WHERE mails.state = 'dropped'

-- name: drop_other
-- What was planned and is no longer wanted.
UPDATE mails SET state = 'dropped', settled_in = @cycle WHERE case_id = @case_id AND settled_in IS NULL AND contact <> @contact

-- name: drop_overtaken
-- An answer, a no or a newer row has moved the case on while its mail was queued.
UPDATE mails SET state = 'dropped', settled_in = @cycle
WHERE settled_in IS NULL
    AND NOT EXISTS (SELECT 1 FROM cases c WHERE c.id = mails.case_id
        AND ((mails.contact = 1 AND c.state = 'waiting') OR (mails.contact = 2 AND c.state = 'invited')))

-- name: doubt_claimed
-- A claim that a worker left behind when it died: most were never handed over, a few may have been. They go once more, under their names.
UPDATE mails SET state = 'queued', claimed_by = NULL, in_doubt = CASE WHEN in_doubt > 1 THEN in_doubt ELSE 1 END
WHERE settled_in IS NULL AND state = 'claimed' AND NOT EXISTS (SELECT 1 FROM workers w WHERE w.id = mails.claimed_by)

-- name: claimed
-- What living workers have under way.
SELECT count(*) FROM mails WHERE settled_in IS NULL AND state = 'claimed' AND claimed_by <> @worker

-- name: give_back
-- What a worker has claimed, and knows nothing of: the answer to the claim was lost.
UPDATE mails SET state = 'queued', claimed_by = NULL WHERE settled_in IS NULL AND claimed_by = @worker

-- name: content
SELECT m.id, m.contact, t.contact, t.dealer_name, t.model, t.language, m.in_doubt, coalesce(d.name, ''), t.opt_outs,
    c.id, c.market, c.survey, c.event_date, c.state, c.close_reason, c.invited_on, c.reminded_on, c.phone_on, c.phone_reason,
    c.call_until, c.completed_on, c.response_mode, c.mail_failed, c.next_look_on
FROM mails m JOIN cases c ON c.id = m.case_id JOIN transactions t ON t.id = m.case_id
    LEFT JOIN dealers d ON d.market = c.market AND d.code = t.dealer_code
WHERE m.id IN (SELECT value FROM json_each(@ids))
ORDER BY m.id

-- name: put_off
-- It stays in the queue.
UPDATE mails SET state = 'queued', claimed_by = NULL, in_doubt = CASE WHEN in_doubt > @in_doubt THEN in_doubt ELSE @in_doubt END,
    to_hash = coalesce(@to_hash, to_hash), status = coalesce(@status, status)
WHERE id = @id AND claimed_by = @worker

-- name: settle
UPDATE mails SET state = @state, claimed_by = NULL, to_hash = @to_hash, status = coalesce(@status, status), receipt = @receipt, settled_in = @cycle
WHERE id = @id AND claimed_by = @worker

-- name: count_queued
SELECT count(*) FROM mails WHERE settled_in IS NULL

-- name: any_open
SELECT 1 FROM mails WHERE settled_in IS NULL LIMIT 1

-- name: count_sendable
SELECT count(*) FROM mails WHERE settled_in IS NULL AND state = 'queued' AND market IN (SELECT value FROM json_each(@markets))

-- name: markets_queued
SELECT DISTINCT market FROM mails WHERE settled_in IS NULL AND state = 'queued' ORDER BY market

-- name: recipient
SELECT to_hash FROM mails WHERE case_id = @case_id AND contact = @contact

-- name: of_case
SELECT contact, state, status, in_doubt, planned_on, settled_in, receipt FROM mails WHERE case_id = @case_id ORDER BY contact

-- name: begin_stage
INSERT INTO mail_stages (cycle_id, started_at, noted_at, ended, accepted, rejected, deferred, answered_at, fault_at, fault, fault_detail, stopped)
VALUES (@cycle, @now, @now, 0, 0, 0, 0, NULL, NULL, '', '', 0)

-- name: note_stage
-- Each worker adds what it has done since it last did so.
UPDATE mail_stages SET noted_at = @now, accepted = accepted + @accepted, rejected = rejected + @rejected, deferred = deferred + @deferred,
    answered_at = coalesce(@answered_at, answered_at), fault_at = coalesce(@fault_at, fault_at),
    fault = CASE WHEN @fault <> '' THEN @fault ELSE fault END, fault_detail = CASE WHEN @fault <> '' THEN @fault_detail ELSE fault_detail END,
    stopped = CASE WHEN stopped > @stopped THEN stopped ELSE @stopped END
WHERE cycle_id = @cycle

-- name: end_stage
-- By the ledger, which has what all have done.
UPDATE mail_stages SET noted_at = @now, ended = 1, accepted = @accepted, rejected = @rejected, deferred = @deferred WHERE cycle_id = @cycle
