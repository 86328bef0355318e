-- Policies with their differences and sampling; numbers that status shows; the hand-over with receipts; the proof of a mail.

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

-- What status shows without counting cases, kept in the transactions that store the facts, and checked by verify.

-- Cases and transactions by where they stand: what each day added to a number and took from it; the sum over all days is how things
-- stand. The last six columns count facts of the day: those of the ledger's lines behind counting.since_line.
CREATE TABLE movements (
    day            DAY NOT NULL,
    market         TEXT NOT NULL,
    survey         TEXT NOT NULL,
    transactions   INTEGER NOT NULL,
    screened_out   INTEGER NOT NULL,
    waiting        INTEGER NOT NULL,
    invited        INTEGER NOT NULL,
    reminded       INTEGER NOT NULL,
    phone_queued   INTEGER NOT NULL,
    with_vendor    INTEGER NOT NULL,
    completed      INTEGER NOT NULL,
    closed         INTEGER NOT NULL,
    mails_accepted INTEGER NOT NULL,
    mails_rejected INTEGER NOT NULL,
    mails_bounced  INTEGER NOT NULL,
    opted_out      INTEGER NOT NULL,   -- cases that were contacted, and ended since the customer wants no more
    handed_over    INTEGER NOT NULL,
    vendor_reports INTEGER NOT NULL,   -- call results, and responses by phone
    PRIMARY KEY (day, market, survey)
) WITHOUT ROWID;
INSERT INTO movements (day, market, survey, transactions, screened_out, waiting, invited, reminded, phone_queued, with_vendor, completed, closed,
    mails_accepted, mails_rejected, mails_bounced, opted_out, handed_over, vendor_reports)
SELECT (SELECT min(day) FROM cycles), t.country, t.survey, count(*), count(t.reason),
    count(*) FILTER (WHERE c.state = 'waiting'), count(*) FILTER (WHERE c.state = 'invited'), count(*) FILTER (WHERE c.state = 'reminded'),
    count(*) FILTER (WHERE c.state = 'phone_queued'), count(*) FILTER (WHERE c.state = 'with_vendor'),
    count(*) FILTER (WHERE c.state = 'completed'), count(*) FILTER (WHERE c.state = 'closed'), 0, 0, 0, 0, 0, 0
FROM transactions t LEFT JOIN cases c ON c.id = t.id GROUP BY t.country, t.survey;

-- Why transactions are screened out, and cases closed, at this moment.
CREATE TABLE reasons (
    kind   TEXT NOT NULL,              -- screened_out, closed
    reason TEXT NOT NULL,
    count  INTEGER NOT NULL,
    PRIMARY KEY (kind, reason)
) WITHOUT ROWID;
INSERT INTO reasons (kind, reason, count) SELECT 'screened_out', reason, count(*) FROM transactions WHERE reason IS NOT NULL GROUP BY reason;
INSERT INTO reasons (kind, reason, count) SELECT 'closed', close_reason, count(*) FROM cases WHERE state = 'closed' GROUP BY close_reason;

-- One row: the ledger's last line when facts began to be counted by day.
CREATE TABLE counting (
    since_line INTEGER NOT NULL
);
INSERT INTO counting (since_line) SELECT coalesce(max(seq), 0) FROM ledger;

-- What an extract looked like: for each column that it has, how many of its rows leave it empty, as a JSON object. (In a large file about:
-- of the rows behind the first ten thousand one in eight is looked at.)
CREATE TABLE file_shapes (
    file_id INTEGER PRIMARY KEY,
    empty   TEXT NOT NULL
);

-- The mail of a cycle that had any to send, by all workers, noted every few seconds while it goes on.
CREATE TABLE mail_stages (
    cycle_id     INTEGER PRIMARY KEY,
    started_at   INSTANT NOT NULL,
    noted_at     INSTANT NOT NULL,     -- what is here was true then
    ended        INTEGER NOT NULL,     -- 1: it came to its end
    accepted     INTEGER NOT NULL,
    rejected     INTEGER NOT NULL,
    deferred     INTEGER NOT NULL,     -- put off so far; at the end: left queued
    answered_at  INSTANT,              -- when the relay last answered
    fault_at     INSTANT,              -- when something was last wrong for the moment
    fault        TEXT NOT NULL,        -- later, in_doubt, refused, unusable; empty: nothing was
    fault_detail TEXT NOT NULL,        -- a status, a code, or words of ours
    stopped      INTEGER NOT NULL      -- 1: the relay could not be used, or would have none of us
);

-- Which cases the vendor has, and which mails are open, with what is asked of them: neither table has to be looked into.
CREATE INDEX cases_with_vendor ON cases (id) WHERE state = 'with_vendor';
DROP INDEX mails_open;
CREATE INDEX mails_open ON mails (market, id, planned_on, case_id) WHERE settled_in IS NULL;

-- Hand-over to the vendor with receipts.

-- What a pass was: full, or only the withdrawals between two cycles. Only full ones are cycles for the gap and for what dates others.
ALTER TABLE cycles ADD COLUMN kind TEXT NOT NULL DEFAULT 'full';

-- The cycle that wrote a list (0: before lists were numbered for the vendor), and how its file is laid out (empty: as the contract says).
ALTER TABLE lists ADD COLUMN cycle_id INTEGER NOT NULL DEFAULT 0;
ALTER TABLE lists ADD COLUMN layout TEXT NOT NULL DEFAULT '';

-- Rows that wait in the quarantine; rows_read is the sum of these and the others.
ALTER TABLE files ADD COLUMN rows_quarantined INTEGER NOT NULL DEFAULT 0;

-- Every content that a list had under its name: an erasure writes it anew, and the vendor may have fetched either.
CREATE TABLE list_versions (
    list_id INTEGER NOT NULL,
    sha256  TEXT NOT NULL,
    rows    INTEGER NOT NULL,
    PRIMARY KEY (list_id, sha256)
);
INSERT INTO list_versions (list_id, sha256, rows) SELECT id, sha256, rows FROM lists WHERE sha256 IS NOT NULL;

-- What the vendor said of a list: that he has loaded it, or not. problem is empty when all agrees.
CREATE TABLE acknowledgements (
    id              INTEGER PRIMARY KEY,
    fingerprint     TEXT NOT NULL UNIQUE,   -- of the row's cells: the same one twice has no second effect
    list_id         INTEGER,                -- null: no list of ours
    file_name       TEXT NOT NULL,          -- as the vendor has it
    status          TEXT NOT NULL,          -- loaded, refused
    problem         TEXT NOT NULL,          -- unknown_list, wrong_sequence, wrong_rows, wrong_hash, refused
    acknowledged_at INSTANT NOT NULL,
    taken_on        DAY NOT NULL,
    file_id         INTEGER NOT NULL,
    line            INTEGER NOT NULL
);
CREATE INDEX acknowledgements_list ON acknowledgements (list_id);

-- Call results with a code that the crosswalk does not know. content holds the number dialled, the note and the row as it came, sealed.
CREATE TABLE quarantine (
    id           INTEGER PRIMARY KEY,
    case_id      INTEGER NOT NULL,
    attempt      INTEGER NOT NULL,
    attempted_at INSTANT NOT NULL,
    code         TEXT NOT NULL,          -- the vendor's
    final        TEXT NOT NULL,          -- Y, N, or empty
    content      BYTES NOT NULL,
    since        DAY NOT NULL,
    file_id      INTEGER NOT NULL,
    line         INTEGER NOT NULL,
    UNIQUE (case_id, attempt)
);

-- What proves that a mail was taken: the instant by the cycle's clock, the relay's enhanced status, and the id of its queue, or the file's name
-- where mails become files. Nothing of it names a person; null: not accepted, or by an answer that got lost.
ALTER TABLE mails ADD COLUMN receipt TEXT;
