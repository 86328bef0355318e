-- Who may write. The token grows with each holder, so that one who stood still and was taken over finds out before he writes.
CREATE TABLE lease (
    id     INTEGER PRIMARY KEY CHECK (id = 1),
    token  INTEGER NOT NULL,
    holder TEXT NOT NULL,          -- machine and data directory
    until  TEXT                    -- an instant; null: given back
);
INSERT INTO lease (id, token, holder) VALUES (1, 0, '');
