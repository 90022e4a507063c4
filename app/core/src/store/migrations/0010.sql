-- Photos that go with announcements, in their order: their bytes lie among the other photos'. `bare`: the server has no
-- preview of it. Said in few words, and without an index: the pages of the schema are the ones whose damage costs most.
CREATE TABLE announced_photos (announcement INTEGER NOT NULL, hash BLOB NOT NULL, place INTEGER NOT NULL, bare INTEGER NOT NULL DEFAULT 0) STRICT;
