-- Mails are claimed market by market.
DROP INDEX mails_open;
CREATE INDEX mails_open ON mails (state, market) WHERE state IN ('queued', 'claimed');
