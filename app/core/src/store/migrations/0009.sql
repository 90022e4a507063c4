-- Requests that were refused, and the ones their muhtar sent instead.
CREATE TABLE renewed (request BLOB PRIMARY KEY, by BLOB NOT NULL) STRICT;
-- Beginnings of requests that their muhtar keeps, and those he does not want (gone = 1). Key: the request it was made of;
-- of one that was learned its category. Said in few words: the pages of the schema are the ones whose damage costs most.
CREATE TABLE templates (key TEXT PRIMARY KEY, category TEXT NOT NULL, kind TEXT NOT NULL, title TEXT NOT NULL, words TEXT NOT NULL, at INTEGER NOT NULL, gone INTEGER NOT NULL) STRICT;
