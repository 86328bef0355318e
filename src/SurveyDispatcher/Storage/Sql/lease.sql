-- name: issue
UPDATE lease SET last_worker = last_worker + 1 RETURNING last_worker

-- name: join
INSERT INTO workers (id, name, process, until) VALUES (@id, @name, @process, @until)

-- name: plan
UPDATE lease SET worker = @worker

-- name: renew
UPDATE workers SET until = @until WHERE id = @id

-- name: leave
DELETE FROM workers WHERE id = @id

-- name: bury
-- Whoever is under way in a transaction is waited for.
DELETE FROM workers WHERE (until <= @now AND id <> @self) OR id = @known_dead

-- name: others
SELECT name FROM workers WHERE id <> @worker ORDER BY id

-- name: workers
-- Who was heard of lately.
SELECT w.name, w.process, CASE WHEN w.id = l.worker THEN 1 ELSE 0 END FROM workers w CROSS JOIN lease l WHERE w.until > @now ORDER BY w.id

-- name: leave_all
DELETE FROM workers
