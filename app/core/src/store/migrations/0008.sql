-- Photos from the spot that belong to official answers, as the decisions fold: their bytes lie among the other photos'.
CREATE TABLE proofs (
    request BLOB NOT NULL,
    hash    BLOB NOT NULL,
    place   INTEGER NOT NULL,
    bare    INTEGER NOT NULL DEFAULT 0,       -- 1: the server has no preview of it
    PRIMARY KEY (request, hash)
) STRICT;
CREATE INDEX proofs_by_hash ON proofs (hash);
-- Decisions that came before are folded once more at the next start.
INSERT OR REPLACE INTO settings (key, value) VALUES ('refold', x'0100000000000000');
