-- name: forget_person
-- Under two names in one year he was one person all the same.
UPDATE OR REPLACE handed_over SET person = -case_id WHERE case_id = @case_id
