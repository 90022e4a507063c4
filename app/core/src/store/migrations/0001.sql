-- Everything a tablet keeps. Strict tables; a value that is not there is empty or 0, never null.

-- Small things by name: identity, counters, link, notices.
CREATE TABLE settings (
    key   TEXT PRIMARY KEY,
    value BLOB NOT NULL
) STRICT;

-- How far the feed has been taken. One row.
CREATE TABLE cursor (
    one   INTEGER PRIMARY KEY CHECK (one = 1),
    epoch INTEGER NOT NULL,
    seq   INTEGER NOT NULL,
    digest INTEGER NOT NULL DEFAULT 0         -- of everything accepted that is here
) STRICT;
INSERT INTO cursor (one, epoch, seq) VALUES (1, 0, 0);

-- Drafts, and what the documents of sent requests read as: for lists and search.
CREATE TABLE requests (
    id        BLOB PRIMARY KEY,
    stage     INTEGER NOT NULL,               -- 0 draft, 1 sent, 2 thrown away, 3 practice put away
    schema    INTEGER NOT NULL,
    title     TEXT NOT NULL,
    words     TEXT NOT NULL,
    category  TEXT NOT NULL,
    kind      TEXT NOT NULL,
    placed    INTEGER NOT NULL,               -- 0: no place
    lat       REAL NOT NULL,
    lon       REAL NOT NULL,
    accuracy  REAL NOT NULL,
    source    INTEGER NOT NULL,
    addr      TEXT NOT NULL,
    at        INTEGER NOT NULL,
    no        TEXT NOT NULL,
    discreet  INTEGER NOT NULL,
    rel       BLOB NOT NULL,                  -- empty: none
    conflicts INTEGER NOT NULL DEFAULT 0,
    state     TEXT NOT NULL DEFAULT '',       -- empty: the server does not have it yet
    outcome   TEXT NOT NULL DEFAULT '',
    official  TEXT NOT NULL DEFAULT '',
    planned   TEXT NOT NULL DEFAULT '',
    folded    TEXT NOT NULL
) STRICT;
CREATE INDEX requests_in_order ON requests (stage, at);

-- Photos and voice notes a request refers to, in the order they were added.
CREATE TABLE photos (
    request BLOB NOT NULL,
    hash    BLOB NOT NULL,
    place   INTEGER NOT NULL,
    kind    INTEGER NOT NULL,
    size    INTEGER NOT NULL,
    width   INTEGER NOT NULL,
    height  INTEGER NOT NULL,
    removed INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (request, hash)
) STRICT;
CREATE INDEX photos_by_hash ON photos (hash);

-- Their bytes, named by the SHA-256 of the plain bytes.
CREATE TABLE blobs (
    id    INTEGER PRIMARY KEY,
    hash  BLOB NOT NULL UNIQUE,
    bytes BLOB NOT NULL
) STRICT;
CREATE TABLE thumbs (
    id    INTEGER PRIMARY KEY,
    hash  BLOB NOT NULL UNIQUE,
    bytes BLOB NOT NULL
) STRICT;

-- How much of them the server has: apart from the bytes, which must not be rewritten for each slice.
CREATE TABLE uploads (
    hash  BLOB PRIMARY KEY,
    sent  INTEGER NOT NULL,                   -- bytes the server has confirmed
    thumb INTEGER NOT NULL,                   -- 1: it has the preview
    done  INTEGER NOT NULL,                   -- 1: it has it whole and proven
    epoch INTEGER NOT NULL                    -- of the server that said so
) STRICT;

-- Changes of the documents, in the order they were taken, packed as they travel.
CREATE TABLE changes (
    request BLOB NOT NULL,
    n       INTEGER NOT NULL,
    hash    BLOB NOT NULL UNIQUE,
    actor   BLOB NOT NULL,
    at      INTEGER NOT NULL,
    packed  BLOB NOT NULL,
    mac     BLOB NOT NULL,                    -- empty: no server has accepted it yet
    epoch   INTEGER NOT NULL,                 -- of the server last known to have it; 0: none
    PRIMARY KEY (request, n)
) STRICT;

-- Thread entries.
CREATE TABLE entries (
    id      BLOB PRIMARY KEY,
    request BLOB NOT NULL,
    kind    INTEGER NOT NULL,
    words   TEXT NOT NULL,
    at      INTEGER NOT NULL,                 -- the author's clock; the server's once stamped
    mine    INTEGER NOT NULL,
    author  TEXT NOT NULL,
    stamped INTEGER NOT NULL,
    refused TEXT NOT NULL,
    packed  BLOB NOT NULL,
    mac     BLOB NOT NULL,
    epoch   INTEGER NOT NULL
) STRICT;
CREATE INDEX entries_by_request ON entries (request);

-- What the server decided, packed as it came.
CREATE TABLE events (
    request BLOB NOT NULL,
    n       INTEGER NOT NULL,
    packed  BLOB NOT NULL,
    mac     BLOB NOT NULL,
    epoch   INTEGER NOT NULL,
    PRIMARY KEY (request, n)
) STRICT;

-- What waits for the server, oldest first.
CREATE TABLE outbox (
    n       INTEGER PRIMARY KEY AUTOINCREMENT,
    kind    INTEGER NOT NULL,                 -- 0 change, 1 entry, 2 photo
    key     BLOB NOT NULL,                    -- change hash, entry id, blob hash and request
    request BLOB NOT NULL,
    count   INTEGER NOT NULL,                 -- this tablet's count of what it made; 0: made elsewhere, or offered again
    since   INTEGER NOT NULL,
    bytes   INTEGER NOT NULL,
    needs   BLOB NOT NULL,                    -- change the server must have first; empty: none
    tries   INTEGER NOT NULL,
    later   INTEGER NOT NULL,                 -- not before this time
    UNIQUE (kind, key)
) STRICT;
CREATE INDEX outbox_by_request ON outbox (request);

-- What was refused, readable and exportable.
CREATE TABLE quarantine (
    n       INTEGER PRIMARY KEY AUTOINCREMENT,
    kind    INTEGER NOT NULL,
    key     BLOB NOT NULL,
    request BLOB NOT NULL,
    own     INTEGER NOT NULL,                 -- 1: made here; 0: came from the server
    reason  TEXT NOT NULL,
    at      INTEGER NOT NULL,
    packed  BLOB NOT NULL,
    mac     BLOB NOT NULL,
    UNIQUE (kind, key)
) STRICT;
CREATE INDEX quarantine_by_request ON quarantine (request);

-- Requests erased by law: never taken in again.
CREATE TABLE erased (
    request BLOB PRIMARY KEY
) STRICT;
