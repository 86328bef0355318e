-- Mails are claimed market by market. In mails, in_doubt is now 0; 1: a killed cycle had claimed it, so it may have gone out; 2: it
-- was handed over, and the answer got lost. Until now both were 1.
DROP INDEX mails_open;
CREATE INDEX mails_open ON mails (state, market) WHERE state IN ('queued', 'claimed');
