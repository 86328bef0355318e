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
