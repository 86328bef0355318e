-- The whole store, for both databases. DAY is a market-local date: date, or in SQLite TEXT (yyyy-MM-dd), since it would try every
-- value of a DATE column as a number first. INSTANT is timestamptz, or TEXT in UTC (yyyy-MM-dd HH:mm:ss+00:00). BYTES is bytea, or BLOB. Numbers in id columns are given out by the
-- program in order, so that two runs over the same files give the same names.

-- The programme as it was when a verdict was reached.
CREATE TABLE policies (
    id            INTEGER PRIMARY KEY,
    version       TEXT NOT NULL UNIQUE,
    first_used_on DAY NOT NULL,
    programme     TEXT NOT NULL
);

CREATE TABLE cycles (
    id         INTEGER PRIMARY KEY,
    as_of      TEXT NOT NULL,
    day        DAY NOT NULL,
    started_at INSTANT NOT NULL,
    ended_at   INSTANT,
    outcome    TEXT NOT NULL,          -- running, done, failed
    policy_id  INTEGER NOT NULL,
    sending    INTEGER NOT NULL DEFAULT 0,   -- 1: other workers may help to send
    counts     TEXT NOT NULL
);

-- Every file that was taken or refused. rows_read = rows_new + rows_updated + rows_unchanged + rows_rejected.
CREATE TABLE files (
    id             INTEGER PRIMARY KEY,
    kind           TEXT NOT NULL,
    name           TEXT NOT NULL,
    sha256         TEXT NOT NULL,
    cycle_id       INTEGER NOT NULL,
    state          TEXT NOT NULL,      -- taking, stored (but not in the archive yet), taken, refused
    problem        TEXT,
    rows_read      INTEGER NOT NULL DEFAULT 0,
    rows_new       INTEGER NOT NULL DEFAULT 0,
    rows_updated   INTEGER NOT NULL DEFAULT 0,
    rows_unchanged INTEGER NOT NULL DEFAULT 0,
    rows_rejected  INTEGER NOT NULL DEFAULT 0,
    rejects_bytes  INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX files_taking ON files (state) WHERE state IN ('taking', 'stored');

CREATE TABLE dealers (
    market TEXT NOT NULL,
    code   TEXT NOT NULL,
    name   TEXT NOT NULL,
    region TEXT NOT NULL,
    PRIMARY KEY (market, code)
);

-- What dealers sent, counted while their rows were taken: each new transaction, each rejected row that had never come before.
CREATE TABLE tallies (
    month       TEXT NOT NULL,           -- of the cycle: yyyy-MM
    source      TEXT NOT NULL,           -- the dealer system, by the name of its description
    country     TEXT NOT NULL,
    dealer_code TEXT NOT NULL,           -- as the row has it; empty where it can't be read
    what        TEXT NOT NULL,
    count       INTEGER NOT NULL,
    PRIMARY KEY (month, country, dealer_code, source, what)
) WITHOUT ROWID;

-- A transaction with its latest verdict. contact holds name, addresses, numbers and staff name, sealed: the id of the key, and what
-- it encrypted; a value of no bytes was removed. The table has no index by which rows of an extract would fall anywhere: see identities.
CREATE TABLE transactions (
    id             INTEGER PRIMARY KEY,
    transaction_id TEXT NOT NULL,
    dealer_code    TEXT NOT NULL,
    survey         TEXT NOT NULL,
    country        TEXT NOT NULL,
    dealer_name    TEXT NOT NULL,
    cancelled      INTEGER NOT NULL,
    event_date     DAY NOT NULL,
    purchase_date  DAY,
    vin            TEXT NOT NULL,
    model          TEXT NOT NULL,
    mileage_km     INTEGER,
    customer_type  TEXT NOT NULL,
    payment_type   TEXT NOT NULL,
    customer_id    TEXT NOT NULL,
    language       TEXT NOT NULL,
    opt_outs       INTEGER NOT NULL,   -- the row's flags: 1 e-mail, 2 phone
    contact        BYTES NOT NULL,
    row_hash       INTEGER NOT NULL,   -- of what the row says
    sighting       BYTES,               -- the key of the sighting of the row, as the file had it
    old_points     BYTES,               -- the hashes of contact points that were the customer's: corrected since, or removed by retention
    file_id        INTEGER NOT NULL,
    line           INTEGER NOT NULL,
    reason         TEXT,               -- the first rule that failed; null: eligible
    failed_rules   INTEGER NOT NULL,   -- bit n: rule n failed
    screened_on    DAY NOT NULL,
    policy_id      INTEGER NOT NULL
);

-- Transactions that are over: ended_on is the day of the last fact about a case that has ended, or of the verdict that kept a customer
-- out. forget_on: the day on which retention looks at the transaction again; null: nothing of it will ever be due. A table of its own,
-- since a response would else write a whole transaction anew.
CREATE TABLE endings (
    id        INTEGER PRIMARY KEY,
    ended_on  DAY NOT NULL,
    forget_on DAY
);
CREATE INDEX endings_forget ON endings (forget_on) WHERE forget_on IS NOT NULL;

-- Where a transaction id may belong to: with it, what a person types becomes a natural key.
CREATE TABLE dealer_surveys (
    country     TEXT NOT NULL,
    dealer_code TEXT NOT NULL,
    survey      TEXT NOT NULL,
    PRIMARY KEY (country, dealer_code, survey)
) WITHOUT ROWID;

-- By what a transaction is found: keyed hashes of its natural key, its vehicle, its customer's address and numbers. One tree, so
-- that a batch of rows, in order, touches each of its pages once. Placeholders are nobody's.
CREATE TABLE identities (
    hash INTEGER NOT NULL,
    id   INTEGER NOT NULL,
    PRIMARY KEY (hash, id)
) WITHOUT ROWID;

-- Rows that change nothing when they come again: a keyed hash of the row as the file had it, its source included; until the day on
-- which screening may say something else, as long as the policy is the same. What else could change the verdict removes the sighting. Of a
-- row that was rejected the inverse of a hash of its cells stands here (of one that can't be read: of its bytes): it was counted (tallies).
CREATE TABLE sightings (
    fingerprint BYTES PRIMARY KEY,
    until       DAY NOT NULL,
    policy_id   INTEGER NOT NULL
) WITHOUT ROWID;

-- One row for every transaction that was ever eligible; the id is the transaction's.
CREATE TABLE cases (
    id            INTEGER PRIMARY KEY,
    market        TEXT NOT NULL,
    survey        TEXT NOT NULL,
    event_date    DAY NOT NULL,
    state         TEXT NOT NULL,
    close_reason  TEXT,
    invited_on    DAY,
    reminded_on   DAY,
    phone_on      DAY,
    phone_reason  TEXT,
    call_until    DAY,
    completed_on  DAY,
    response_mode TEXT,
    mail_failed   INTEGER NOT NULL,
    next_look_on  DAY
);
CREATE INDEX cases_next_look ON cases (next_look_on) WHERE next_look_on IS NOT NULL;
CREATE INDEX cases_phone_queue ON cases (market, survey) WHERE state = 'phone_queued';
CREATE INDEX cases_erased ON cases (id) WHERE close_reason = 'erased';

-- Addresses and numbers that must not be used, as keyed hashes: they outlive an erasure, and then stand here for the keys of
-- transactions and for vehicles, too.
CREATE TABLE suppressions (
    hash   INTEGER NOT NULL PRIMARY KEY,
    flags  INTEGER NOT NULL,           -- 1 opt-out, 2 dead, 4 opt-out of everything, 8 erasure
    since  DAY NOT NULL
);
CREATE INDEX suppressions_erased ON suppressions (hash) WHERE flags >= 8;

-- One row: how many suppressions there are, and the sum of their flags, so that no cycle has to count them.
CREATE TABLE suppression_sums (
    suppressions INTEGER NOT NULL,
    flags        INTEGER NOT NULL
);
INSERT INTO suppression_sums (suppressions, flags) VALUES (0, 0);

-- The outbox: written with the decision, one row per case and contact, settled after sending. A mail is open until a cycle has
-- settled it: sent, given up or dropped. The index of open mails has nothing in it that a claim changes, and a settled row grows by little.
CREATE TABLE mails (
    id         INTEGER PRIMARY KEY,
    case_id    INTEGER NOT NULL,
    contact    INTEGER NOT NULL,       -- 1 invitation, 2 reminder
    market     TEXT NOT NULL,
    state      TEXT NOT NULL,          -- queued, claimed, accepted, undelivered, dropped
    planned_on DAY NOT NULL,
    claimed_by INTEGER,                -- the worker that has it under way
    in_doubt   INTEGER NOT NULL DEFAULT 0,   -- 1: a worker that died had claimed it, so it may have gone out; 2: it was handed over, and the answer got lost
    to_hash    INTEGER,                -- the address it went to
    status     TEXT,                   -- the last enhanced status
    settled_in INTEGER,                -- the cycle; null: open
    UNIQUE (case_id, contact)
);
CREATE INDEX mails_open ON mails (market, id) WHERE settled_in IS NULL;

-- Questionnaires as they were when somebody answered, and what stands at which place of the answers.
CREATE TABLE questionnaires (
    id      INTEGER PRIMARY KEY,
    survey  TEXT NOT NULL,
    version INTEGER NOT NULL,
    sha256  TEXT NOT NULL UNIQUE     -- of its questions, their scales and routing: a correction of wording changes no answer
);

CREATE TABLE questions (
    questionnaire_id INTEGER NOT NULL,
    place            INTEGER NOT NULL,   -- from 0
    question         TEXT NOT NULL,
    kind             TEXT NOT NULL,      -- scale, choice, choices, text
    PRIMARY KEY (questionnaire_id, place)
) WITHOUT ROWID;

-- answers is a JSON array: at the place of each question a number (of a scale), a code, or null. Free text lies apart, encrypted: people
-- write names and numbers there. The view answers has one row for each answer.
CREATE TABLE responses (
    id               INTEGER PRIMARY KEY,
    case_id          INTEGER NOT NULL,
    mode             TEXT NOT NULL,
    status           TEXT NOT NULL,
    completed_at     INSTANT NOT NULL,
    questionnaire_id INTEGER NOT NULL,
    language         TEXT NOT NULL,      -- of the interview; empty: nobody said
    seconds          INTEGER,            -- that it took; null: nobody said
    flags            INTEGER NOT NULL,   -- what is odd about it
    late             INTEGER NOT NULL,
    duplicate_of     INTEGER,            -- of a complete response: the first one of its case
    answers          TEXT NOT NULL,
    texts            BYTES NOT NULL,     -- the answers in free words as a JSON object, encrypted
    row_hash         INTEGER NOT NULL,
    file_id          INTEGER NOT NULL,
    line             INTEGER NOT NULL,
    UNIQUE (case_id, row_hash)
);

CREATE TABLE attempts (
    id           INTEGER PRIMARY KEY,
    case_id      INTEGER NOT NULL,
    attempt      INTEGER NOT NULL,
    attempted_at INSTANT NOT NULL,
    code         TEXT NOT NULL,
    final        INTEGER NOT NULL,
    number       BYTES NOT NULL,        -- the number dialled and the note, encrypted
    file_id      INTEGER NOT NULL,
    line         INTEGER NOT NULL,
    UNIQUE (case_id, attempt)
);

CREATE TABLE bounces (
    id         INTEGER PRIMARY KEY,
    file_name  TEXT NOT NULL,
    sha256     TEXT NOT NULL,          -- of the file: the same report twice has no second effect
    case_id    INTEGER,                -- null: no contact of ours
    contact    INTEGER,
    action     TEXT NOT NULL,
    status     TEXT NOT NULL,
    class      TEXT NOT NULL,
    read_at    INSTANT NOT NULL
);
CREATE INDEX bounces_case ON bounces (case_id);
CREATE INDEX bounces_sha256 ON bounces (sha256);

-- Lists for the vendor: planned in the store first, so that a crash finds them again under the same name.
CREATE TABLE lists (
    id         INTEGER PRIMARY KEY,
    file_name  TEXT NOT NULL UNIQUE,
    kind       TEXT NOT NULL,          -- phone, withdrawals
    market     TEXT NOT NULL,
    survey     TEXT NOT NULL,          -- empty for withdrawals
    day        DAY NOT NULL,
    created_at INSTANT NOT NULL,
    state      TEXT NOT NULL,          -- planned, settled, published
    rows       INTEGER NOT NULL,
    sha256     TEXT
);
CREATE INDEX lists_open ON lists (state) WHERE state IN ('planned', 'settled');

CREATE TABLE list_entries (
    list_id    INTEGER NOT NULL,
    case_id    INTEGER NOT NULL,
    reason     TEXT NOT NULL,
    call_until DAY,
    PRIMARY KEY (list_id, case_id)
) WITHOUT ROWID;
CREATE INDEX list_entries_case ON list_entries (case_id);

-- What the vendor must be told to leave; list_id is null until it was.
CREATE TABLE withdrawals (
    id       INTEGER PRIMARY KEY,
    case_id  INTEGER NOT NULL,
    market   TEXT NOT NULL,
    reason   TEXT NOT NULL,
    at       INSTANT NOT NULL,
    list_id  INTEGER
);
CREATE INDEX withdrawals_open ON withdrawals (market) WHERE list_id IS NULL;
CREATE INDEX withdrawals_case ON withdrawals (case_id);
CREATE INDEX withdrawals_list ON withdrawals (list_id);

-- Everything that happened, in order. Each hash covers the row and the hash before it: no row can be changed,
-- taken out or put in without breaking the chain. No personal data.
CREATE TABLE ledger (
    seq       INTEGER PRIMARY KEY,
    case_id   INTEGER NOT NULL,
    day       DAY NOT NULL,
    kind      TEXT NOT NULL,
    detail    TEXT NOT NULL,
    cycle_id  INTEGER NOT NULL,
    policy_id INTEGER NOT NULL,
    hash      BYTES NOT NULL
);
CREATE INDEX ledger_case ON ledger (case_id, seq);

-- Who writes at this moment: a process, for as long as its cycle takes, or for as long as it helps another's to send. It renews its
-- row while it lives; whoever was not heard of until then is taken for dead, and his row removed: that is how he finds out.
CREATE TABLE workers (
    id      INTEGER PRIMARY KEY,      -- never given out twice
    name    TEXT NOT NULL,            -- machine and data directory
    process INTEGER NOT NULL,         -- the number that the machine gave it, for whoever must end it
    until   INSTANT NOT NULL
);

-- One row: the worker that plans, while there is such a row in workers; and the last number that a worker was given.
CREATE TABLE lease (
    id          INTEGER PRIMARY KEY CHECK (id = 1),
    worker      INTEGER NOT NULL,
    last_worker INTEGER NOT NULL
);
INSERT INTO lease (id, worker, last_worker) VALUES (1, 0, 0);

-- One row: the key with which everything in the store is sealed. While it is not the ring's current one, values wait to be sealed anew.
CREATE TABLE sealing (
    key_id INTEGER NOT NULL,
    ring   TEXT NOT NULL            -- by what the key ring of the store is known: a hash that only it makes
);
INSERT INTO sealing (key_id, ring) VALUES (1, '');

-- One row: the retention rules by which forget_on was last found. When they change, everything is looked at again.
CREATE TABLE retention (
    rules TEXT NOT NULL
);
INSERT INTO retention (rules) VALUES ('');

-- Erasures, without a word on whom: the store's part was done; finished_at is null while files still wait.
CREATE TABLE erasures (
    id           INTEGER PRIMARY KEY,
    at           INSTANT NOT NULL,
    transactions INTEGER NOT NULL,
    cases        INTEGER NOT NULL,
    finished_at  INSTANT
);

-- Whose data went to the vendor: once for each person, market and year, as a keyed hash of name and number; after an erasure a
-- number that means nobody. country is the vendor's at that time, empty where nobody had said.
CREATE TABLE handed_over (
    year    INTEGER NOT NULL,
    market  TEXT NOT NULL,
    country TEXT NOT NULL,
    person  INTEGER NOT NULL,
    case_id INTEGER NOT NULL,
    PRIMARY KEY (year, market, country, person)
) WITHOUT ROWID;

-- For analysts who ask the store itself: each response without its words and its case's number without a name, with the dealer.
CREATE VIEW interviews AS
SELECT r.id AS response_id, r.case_id, c.market, c.survey, t.dealer_code, c.event_date, r.mode, r.status, r.completed_at, r.language,
    q.version AS questionnaire_version, CASE WHEN r.status = 'complete' AND r.duplicate_of IS NULL THEN 1 ELSE 0 END AS counted, r.late, r.duplicate_of, r.seconds, r.flags
FROM responses r JOIN cases c ON c.id = r.case_id JOIN transactions t ON t.id = r.case_id JOIN questionnaires q ON q.id = r.questionnaire_id;
