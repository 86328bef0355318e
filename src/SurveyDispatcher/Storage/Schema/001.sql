-- The whole store. Days are market-local dates (yyyy-MM-dd); instants are UTC (yyyy-MM-dd HH:mm:ss+00:00); both are TEXT,
-- since SQLite would try every value of a DATE column as a number first. Numbers in id columns are given out by the
-- program in order, so that two runs over the same files give the same names.

-- The programme as it was when a verdict was reached.
CREATE TABLE policies (
    id            INTEGER PRIMARY KEY,
    version       TEXT NOT NULL UNIQUE,
    first_used_on TEXT NOT NULL,
    programme     TEXT NOT NULL
);

CREATE TABLE cycles (
    id         INTEGER PRIMARY KEY,
    as_of      TEXT NOT NULL,
    day        TEXT NOT NULL,
    started_at TEXT NOT NULL,
    ended_at   TEXT,
    outcome    TEXT NOT NULL,          -- running, done, failed
    policy_id  INTEGER NOT NULL,
    counts     TEXT NOT NULL
);

-- Every file that was taken or refused. rows_read = rows_new + rows_updated + rows_unchanged + rows_rejected.
CREATE TABLE files (
    id             INTEGER PRIMARY KEY,
    kind           TEXT NOT NULL,
    name           TEXT NOT NULL,
    sha256         TEXT NOT NULL,
    cycle_id       INTEGER NOT NULL,
    state          TEXT NOT NULL,      -- taking, taken, refused
    problem        TEXT,
    rows_read      INTEGER NOT NULL DEFAULT 0,
    rows_new       INTEGER NOT NULL DEFAULT 0,
    rows_updated   INTEGER NOT NULL DEFAULT 0,
    rows_unchanged INTEGER NOT NULL DEFAULT 0,
    rows_rejected  INTEGER NOT NULL DEFAULT 0,
    rejects_bytes  INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX files_taking ON files (state) WHERE state = 'taking';

CREATE TABLE dealers (
    market TEXT NOT NULL,
    code   TEXT NOT NULL,
    name   TEXT NOT NULL,
    region TEXT NOT NULL,
    PRIMARY KEY (market, code)
);

-- A transaction with its latest verdict. contact holds name, addresses, numbers and staff name, encrypted.
CREATE TABLE transactions (
    id             INTEGER PRIMARY KEY,
    transaction_id TEXT NOT NULL,
    dealer_code    TEXT NOT NULL,
    survey         TEXT NOT NULL,
    country        TEXT NOT NULL,
    dealer_name    TEXT NOT NULL,
    cancelled      INTEGER NOT NULL,
    event_date     TEXT NOT NULL,
    purchase_date  TEXT,
    vin            TEXT NOT NULL,
    model          TEXT NOT NULL,
    mileage_km     INTEGER,
    customer_type  TEXT NOT NULL,
    payment_type   TEXT NOT NULL,
    customer_id    TEXT NOT NULL,
    language       TEXT NOT NULL,
    opt_outs       INTEGER NOT NULL,   -- the row's flags: 1 e-mail, 2 phone
    contact        BLOB NOT NULL,
    row_hash       INTEGER NOT NULL,
    file_id        INTEGER NOT NULL,
    line           INTEGER NOT NULL,
    reason         TEXT,               -- the first rule that failed; null: eligible
    failed_rules   INTEGER NOT NULL,   -- bit n: rule n failed
    screened_on    TEXT NOT NULL,
    policy_id      INTEGER NOT NULL
);
-- The natural key, the most telling column first: explain finds a transaction id by the same index.
CREATE UNIQUE INDEX transactions_key ON transactions (transaction_id, dealer_code, survey, country);
CREATE INDEX transactions_vin ON transactions (vin);

-- One row for every transaction that was ever eligible; the id is the transaction's.
CREATE TABLE cases (
    id            INTEGER PRIMARY KEY,
    market        TEXT NOT NULL,
    survey        TEXT NOT NULL,
    event_date    TEXT NOT NULL,
    state         TEXT NOT NULL,
    close_reason  TEXT,
    invited_on    TEXT,
    reminded_on   TEXT,
    phone_on      TEXT,
    phone_reason  TEXT,
    call_until    TEXT,
    completed_on  TEXT,
    response_mode TEXT,
    mail_failed   INTEGER NOT NULL,
    next_look_on  TEXT
);
CREATE INDEX cases_next_look ON cases (next_look_on) WHERE next_look_on IS NOT NULL;
CREATE INDEX cases_phone_queue ON cases (market, survey) WHERE state = 'phone_queued';

-- Whose case it is: keyed hashes of the address and the numbers. Placeholders are nobody's.
CREATE TABLE identities (
    hash    INTEGER NOT NULL,
    case_id INTEGER NOT NULL,
    PRIMARY KEY (hash, case_id)
) WITHOUT ROWID;

-- Addresses and numbers that must not be used, as keyed hashes: they outlive an erasure.
CREATE TABLE suppressions (
    hash   INTEGER NOT NULL PRIMARY KEY,
    flags  INTEGER NOT NULL,           -- 1 opt-out, 2 dead, 4 opt-out of everything
    since  TEXT NOT NULL
);

-- The outbox: written with the decision, one row per case and contact, settled after sending.
CREATE TABLE mails (
    id         INTEGER PRIMARY KEY,
    case_id    INTEGER NOT NULL,
    contact    INTEGER NOT NULL,       -- 1 invitation, 2 reminder
    market     TEXT NOT NULL,
    state      TEXT NOT NULL,          -- queued, claimed, accepted, undelivered, dropped
    planned_on TEXT NOT NULL,
    in_doubt   INTEGER NOT NULL DEFAULT 0,   -- it may have gone out already: once more, under its name, and no third time
    to_hash    INTEGER,                -- the address it went to
    status     TEXT,                   -- the last enhanced status
    settled_at TEXT,
    UNIQUE (case_id, contact)
);
CREATE INDEX mails_open ON mails (state) WHERE state IN ('queued', 'claimed');

CREATE TABLE responses (
    id           INTEGER PRIMARY KEY,
    case_id      INTEGER NOT NULL,
    mode         TEXT NOT NULL,
    status       TEXT NOT NULL,
    completed_at TEXT NOT NULL,
    late         INTEGER NOT NULL,
    duplicate    INTEGER NOT NULL,     -- a complete response that is not the first of its case
    answers      TEXT NOT NULL,        -- a JSON object: question id to code
    texts        BLOB NOT NULL,        -- the answers in free words as such an object, encrypted: people write names and numbers there
    row_hash     INTEGER NOT NULL,
    file_id      INTEGER NOT NULL,
    line         INTEGER NOT NULL,
    UNIQUE (case_id, row_hash)
);

CREATE TABLE attempts (
    case_id      INTEGER NOT NULL,
    attempt      INTEGER NOT NULL,
    attempted_at TEXT NOT NULL,
    code         TEXT NOT NULL,
    final        INTEGER NOT NULL,
    number       BLOB NOT NULL,        -- the number dialled and the note, encrypted
    file_id      INTEGER NOT NULL,
    line         INTEGER NOT NULL,
    PRIMARY KEY (case_id, attempt)
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
    read_at    TEXT NOT NULL
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
    day        TEXT NOT NULL,
    created_at TEXT NOT NULL,
    state      TEXT NOT NULL,          -- planned, settled, published
    rows       INTEGER NOT NULL,
    sha256     TEXT
);
CREATE INDEX lists_open ON lists (state) WHERE state IN ('planned', 'settled');

CREATE TABLE list_entries (
    list_id    INTEGER NOT NULL,
    case_id    INTEGER NOT NULL,
    reason     TEXT NOT NULL,
    call_until TEXT,
    PRIMARY KEY (list_id, case_id)
) WITHOUT ROWID;
CREATE INDEX list_entries_case ON list_entries (case_id);

-- What the vendor must be told to leave; list_id is null until it was.
CREATE TABLE withdrawals (
    id       INTEGER PRIMARY KEY,
    case_id  INTEGER NOT NULL,
    market   TEXT NOT NULL,
    reason   TEXT NOT NULL,
    at       TEXT NOT NULL,
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
    day       TEXT NOT NULL,
    kind      TEXT NOT NULL,
    detail    TEXT NOT NULL,
    cycle_id  INTEGER NOT NULL,
    policy_id INTEGER NOT NULL,
    hash      BLOB NOT NULL
);
CREATE INDEX ledger_case ON ledger (case_id, seq);
CREATE TRIGGER ledger_no_update BEFORE UPDATE ON ledger BEGIN SELECT RAISE(ABORT, 'The ledger is append-only.'); END;
CREATE TRIGGER ledger_no_delete BEFORE DELETE ON ledger BEGIN SELECT RAISE(ABORT, 'The ledger is append-only.'); END;
