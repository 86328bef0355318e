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
