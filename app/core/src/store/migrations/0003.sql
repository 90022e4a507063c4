-- Parts of other tablets' courier bundles on their way to the server; this tablet cannot read them.
CREATE TABLE carried (
    n     INTEGER PRIMARY KEY,
    hash  BLOB NOT NULL UNIQUE,
    part  BLOB NOT NULL,
    since INTEGER NOT NULL,
    later INTEGER NOT NULL
) STRICT;
