-- What the muhtar has begun to say about a sent request and has not said yet. It never leaves the tablet.
CREATE TABLE begun (
  request BLOB NOT NULL,
  kind    INTEGER NOT NULL,                 -- as in entries
  words   TEXT NOT NULL,
  photos  BLOB NOT NULL,                    -- names of the photos that go with it, one behind the other
  PRIMARY KEY (request, kind)
) STRICT;
