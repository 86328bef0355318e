-- What proves that a mail was taken: the instant by the cycle's clock, the relay's enhanced status, and the id of its queue, or the file's name
-- where mails become files. Nothing of it names a person; null: not accepted, or by an answer that got lost.
ALTER TABLE mails ADD COLUMN receipt TEXT;
