-- name: in_force
-- The programme of the last cycle.
SELECT p.id, p.version, p.programme FROM policies p WHERE p.id = (SELECT policy_id FROM cycles ORDER BY id DESC LIMIT 1)

-- name: text
SELECT version, programme FROM policies WHERE id = @id

-- name: changes
SELECT c.policy_id, p.version, c.day, c.before_id, c.difference, c.open_cases, c.contacted, c.dropped, c.earlier, c.accepted_on
FROM policy_changes c JOIN policies p ON p.id = c.policy_id ORDER BY c.cycle_id

-- name: add_change
INSERT INTO policy_changes (cycle_id, policy_id, before_id, day, difference, open_cases, contacted, dropped, earlier, accepted_on)
VALUES (@cycle_id, @policy_id, @before_id, @day, @difference, @open_cases, @contacted, @dropped, @earlier, @accepted_on)

-- name: confirmed_on
SELECT day FROM policy_confirmations WHERE version = @version AND before_id = @before_id

-- name: confirm
INSERT INTO policy_confirmations (version, before_id, day) VALUES (@version, @before_id, @day) ON CONFLICT (version, before_id) DO UPDATE SET day = excluded.day

-- name: use_confirmation
DELETE FROM policy_confirmations WHERE version = @version AND before_id = @before_id

-- name: open_cases
SELECT market, survey, count(*) FROM cases WHERE next_look_on IS NOT NULL GROUP BY market, survey ORDER BY market, survey

-- name: known
-- Open cases; and transactions without one, or with one that may be opened again, whose window may not have passed yet.
SELECT t.country, t.survey, t.dealer_code, t.transaction_id, t.event_date, t.purchase_date, t.mileage_km, t.customer_type, t.payment_type, t.cancelled, t.opt_outs, t.failed_rules,
    c.state, c.close_reason, c.invited_on, c.reminded_on, c.call_until, c.mail_failed
FROM transactions t LEFT JOIN cases c ON c.id = t.id
WHERE c.next_look_on IS NOT NULL OR (t.event_date >= @since AND (c.id IS NULL OR (c.state = 'closed' AND c.invited_on IS NULL AND c.call_until IS NULL)))
