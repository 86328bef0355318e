-- Each time that another programme came into force: the first of all, and every change, also back to one that was used before. What the
-- change did to cases was counted by the cycle that began with it; null: by a version of this program that did not count.
CREATE TABLE policy_changes (
    cycle_id    INTEGER PRIMARY KEY,   -- the first one under it
    policy_id   INTEGER NOT NULL,
    before_id   INTEGER,               -- null: there was none
    day         DAY NOT NULL,
    difference  TEXT,                  -- a JSON array of path, before, after
    open_cases  INTEGER,
    contacted   INTEGER,               -- newly contacted
    dropped     INTEGER,
    accepted_on DAY                    -- the day on which somebody confirmed it; null: nobody had to, or did
);
INSERT INTO policy_changes (cycle_id, policy_id, before_id, day)
SELECT id, policy_id, before_id, day FROM (SELECT id, policy_id, lag(policy_id) OVER (ORDER BY id) AS before_id, day FROM cycles) begun
WHERE before_id IS NULL OR before_id <> policy_id;

-- Changes that were confirmed and have not come into force yet: from one policy to one version of programme.json.
CREATE TABLE policy_confirmations (
    version   TEXT NOT NULL,
    before_id INTEGER NOT NULL,
    day       DAY NOT NULL,
    PRIMARY KEY (version, before_id)
) WITHOUT ROWID;

-- Where a market samples by dealer and month: how many transactions of a stratum were drawn for, how many were taken, and the rate, in
-- millionths, that was fixed when the first was drawn for (null: none was yet). Nobody's row is in it.
CREATE TABLE strata (
    country     TEXT NOT NULL,
    survey      TEXT NOT NULL,
    dealer_code TEXT NOT NULL,
    month       TEXT NOT NULL,         -- of the event: yyyy-MM
    eligible    INTEGER NOT NULL,
    taken       INTEGER NOT NULL,
    rate        INTEGER,
    PRIMARY KEY (country, survey, dealer_code, month)
) WITHOUT ROWID;

-- Transactions that were drawn for, the id is the transaction's: at which rate, in millionths, and what came out, under which policy.
CREATE TABLE samples (
    id        INTEGER PRIMARY KEY,
    rate      INTEGER NOT NULL,
    taken     INTEGER NOT NULL,
    policy_id INTEGER NOT NULL
);
