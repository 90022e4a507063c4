-- Photos that go with announcements: their bytes lie among the other photos'.
CREATE TABLE announced_photos (
    announcement INTEGER NOT NULL,
    hash         BLOB NOT NULL,
    place        INTEGER NOT NULL,
    bare         INTEGER NOT NULL DEFAULT 0,  -- 1: the server has no preview of it
    PRIMARY KEY (announcement, hash)
) STRICT;
CREATE INDEX announced_photos_by_hash ON announced_photos (hash);
