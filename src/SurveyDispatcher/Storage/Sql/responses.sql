-- name: last_id
SELECT coalesce(max(id), 0) FROM responses

-- name: of_cases
-- What is known of some cases' responses: the same row again changes nothing, and only the first complete one counts.
SELECT case_id, row_hash, CASE WHEN status = 'complete' AND duplicate_of IS NULL THEN id END FROM responses
WHERE case_id IN (SELECT value FROM json_each(@cases))

-- name: insert
INSERT INTO responses (id, case_id, mode, status, completed_at, questionnaire_id, language, seconds, flags, late, duplicate_of, answers, texts, row_hash, file_id, line)
VALUES (@id, @case_id, @mode, @status, @completed_at, @questionnaire_id, @language, @seconds, @flags, @late, @duplicate_of, @answers, @texts, @row_hash, @file_id, @line)

-- name: questionnaires
SELECT id, survey, version, sha256 FROM questionnaires

-- name: add_questionnaire
INSERT INTO questionnaires (id, survey, version, sha256) VALUES (@id, @survey, @version, @sha256)

-- name: add_question
INSERT INTO questions (questionnaire_id, place, question, kind) VALUES (@questionnaire_id, @place, @question, @kind)

-- name: questions
SELECT questionnaire_id, place, question, kind FROM questions ORDER BY questionnaire_id, place
