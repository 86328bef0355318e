-- A mail is open until a cycle has settled it: sent, given up or dropped. The index of open mails has neither the state nor
-- anything else that a claim changes, and a settled row grows by little: the mail stage spent a third of its SQLite time on
-- moving entries and splitting pages. 0: a cycle before this version.
CREATE TABLE mails_003 (
    id         INTEGER PRIMARY KEY,
    case_id    INTEGER NOT NULL,
    contact    INTEGER NOT NULL,       -- 1 invitation, 2 reminder
    market     TEXT NOT NULL,
    state      TEXT NOT NULL,          -- queued, claimed, accepted, undelivered, dropped
    planned_on TEXT NOT NULL,
    in_doubt   INTEGER NOT NULL DEFAULT 0,   -- 1: a killed cycle had claimed it, so it may have gone out; 2: it was handed over, and the answer got lost
    to_hash    INTEGER,                -- the address it went to
    status     TEXT,                   -- the last enhanced status
    settled_in INTEGER,                -- the cycle; null: open
    UNIQUE (case_id, contact)
);
INSERT INTO mails_003 (id, case_id, contact, market, state, planned_on, in_doubt, to_hash, status, settled_in)
SELECT id, case_id, contact, market, state, planned_on, in_doubt, to_hash, status, CASE WHEN state IN ('queued', 'claimed') THEN NULL ELSE 0 END
FROM mails ORDER BY id;
DROP TABLE mails;
ALTER TABLE mails_003 RENAME TO mails;
CREATE INDEX mails_open ON mails (market) WHERE settled_in IS NULL;
