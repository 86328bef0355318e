-- name: last
SELECT id, as_of, day, started_at, ended_at, outcome, counts FROM cycles ORDER BY id DESC LIMIT 1

-- name: before
SELECT ended_at FROM cycles WHERE id < @id ORDER BY id DESC LIMIT 1

-- name: begin
INSERT INTO cycles (id, as_of, day, started_at, outcome, policy_id, counts) VALUES (@id, @as_of, @day, @started_at, 'running', @policy_id, '')

-- name: end
UPDATE cycles SET ended_at = @ended_at, outcome = @outcome, counts = @counts WHERE id = @id

-- name: policy
SELECT id FROM policies WHERE version = @version

-- name: last_policy
SELECT coalesce(max(id), 0) FROM policies

-- name: policy_of_last_cycle
SELECT policy_id FROM cycles ORDER BY id DESC LIMIT 1

-- name: add_policy
INSERT INTO policies (id, version, first_used_on, programme) VALUES (@id, @version, @day, @programme)
