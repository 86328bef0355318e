-- name: forget_person
-- Under two names in one year he was one person all the same.
WITH theirs AS (DELETE FROM handed_over WHERE case_id = @case_id RETURNING year, market, country, case_id)
INSERT INTO handed_over (year, market, country, person, case_id) SELECT DISTINCT year, market, country, -case_id, case_id FROM theirs ON CONFLICT DO NOTHING
