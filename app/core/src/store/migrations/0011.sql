-- Parts of map packs, by their names. Said in few words: the pages of the schema are the ones whose damage costs most.
CREATE TABLE map_parts (hash BLOB PRIMARY KEY, bytes BLOB NOT NULL) STRICT;
