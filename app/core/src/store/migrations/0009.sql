-- Requests that were refused, and the ones their muhtar sent instead.
CREATE TABLE renewed (
    request BLOB PRIMARY KEY,
    by      BLOB NOT NULL
) STRICT;
CREATE INDEX renewed_by ON renewed (by);
