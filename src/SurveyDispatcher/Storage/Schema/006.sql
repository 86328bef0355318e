-- A sealed value carries the id of its key in front; what older programs sealed is key 1's. A value of no bytes was removed.
-- ended_on: the day of the last fact about a case that has ended, or of the verdict that kept a customer out; null while a case is
-- open. forget_on: the day on which retention looks at the transaction again; null: nothing of it will ever be due.
ALTER TABLE transactions ADD COLUMN ended_on TEXT;
ALTER TABLE transactions ADD COLUMN forget_on TEXT;
UPDATE transactions SET contact = CAST(x'01' || contact AS BLOB), ended_on = CASE
    WHEN EXISTS (SELECT 1 FROM cases c WHERE c.id = transactions.id AND c.state NOT IN ('completed', 'closed')) THEN NULL
    WHEN EXISTS (SELECT 1 FROM cases c WHERE c.id = transactions.id) THEN (SELECT max(day) FROM ledger l WHERE l.case_id = transactions.id)
    ELSE screened_on END;
UPDATE transactions SET forget_on = ended_on;
UPDATE responses SET texts = CAST(x'01' || texts AS BLOB);
UPDATE attempts SET number = CAST(x'01' || number AS BLOB);
CREATE INDEX transactions_forget ON transactions (forget_on) WHERE forget_on IS NOT NULL;

-- One row: the key with which everything in the store is sealed. While it is not the ring's current one, values wait to be sealed anew.
CREATE TABLE sealing (key_id INTEGER NOT NULL);
INSERT INTO sealing (key_id) VALUES (1);

-- One row: the retention rules by which forget_on was last found. When they change, everything is looked at again.
CREATE TABLE retention (rules TEXT NOT NULL);
INSERT INTO retention (rules) VALUES ('');

-- Erasures, without a word on whom: the store's part was done; finished_at is null while files still wait.
-- In suppressions, flag 8 is an erasure; it also stands there for the keys of transactions and for vehicles.
CREATE TABLE erasures (
    id           INTEGER PRIMARY KEY,
    at           TEXT NOT NULL,
    transactions INTEGER NOT NULL,
    cases        INTEGER NOT NULL,
    finished_at  TEXT
);

-- Whose data went to the vendor: once for each person, market and year, as a keyed hash of name and number; after an erasure a
-- number that means nobody. country is the vendor's at that time, empty where nobody had said. Before this table each case counts.
CREATE TABLE handed_over (
    year    INTEGER NOT NULL,
    market  TEXT NOT NULL,
    country TEXT NOT NULL,
    person  INTEGER NOT NULL,
    case_id INTEGER NOT NULL,
    PRIMARY KEY (year, market, country, person)
) WITHOUT ROWID;
INSERT OR IGNORE INTO handed_over (year, market, country, person, case_id)
SELECT CAST(substr(l.day, 1, 4) AS INTEGER), c.market, '', -c.id, c.id FROM ledger l JOIN cases c ON c.id = l.case_id WHERE l.kind = 'HandedOver';
