-- name: last
SELECT id, as_of, day, started_at, ended_at, outcome, counts FROM cycles WHERE kind = 'full' ORDER BY id DESC LIMIT 1

-- name: last_id
-- What tells the vendor of withdrawals between two cycles is on record, too.
SELECT coalesce(max(id), 0) FROM cycles

-- name: before
SELECT ended_at FROM cycles WHERE id < @id AND kind = 'full' ORDER BY id DESC LIMIT 1

-- name: begin
INSERT INTO cycles (id, as_of, day, started_at, outcome, policy_id, counts) VALUES (@id, @as_of, @day, @started_at, 'running', @policy_id, '')

-- name: begin_between
INSERT INTO cycles (id, as_of, day, started_at, outcome, policy_id, counts, kind) VALUES (@id, @as_of, @day, @started_at, 'running', @policy_id, '', 'withdrawals')

-- name: end
UPDATE cycles SET ended_at = @ended_at, outcome = @outcome, counts = @counts, sending = 0 WHERE id = @id

-- name: policy
SELECT id FROM policies WHERE version = @version

-- name: last_policy
SELECT coalesce(max(id), 0) FROM policies

-- name: policy_of_last_cycle
SELECT policy_id FROM cycles ORDER BY id DESC LIMIT 1

-- name: add_policy
INSERT INTO policies (id, version, first_used_on, programme) VALUES (@id, @version, @day, @programme)

-- name: open_sending
UPDATE cycles SET sending = 1 WHERE id = @id

-- name: close_sending
-- Of the last cycle, or of this one.
UPDATE cycles SET sending = 0 WHERE id IN (SELECT id FROM cycles ORDER BY id DESC LIMIT 1) AND sending = 1

-- name: sending
-- The cycle that may be helped to send.
SELECT c.id, c.as_of, c.started_at, c.policy_id, p.version
FROM cycles c JOIN policies p ON p.id = c.policy_id
WHERE c.id = (SELECT max(id) FROM cycles) AND c.sending = 1
