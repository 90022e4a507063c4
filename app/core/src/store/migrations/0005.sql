-- What the municipality announces. `seen` is when the muhtar read it, `told` is 1 once the server knows that.
CREATE TABLE announcements (
  id     INTEGER PRIMARY KEY,
  at     INTEGER NOT NULL,
  reach  INTEGER NOT NULL,
  urgent INTEGER NOT NULL,
  sender TEXT NOT NULL,
  title  TEXT NOT NULL,
  text   TEXT NOT NULL,
  seen   INTEGER NOT NULL DEFAULT 0,
  told   INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX announcements_untold ON announcements (id) WHERE seen <> 0 AND told = 0;
