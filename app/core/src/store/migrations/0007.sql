-- Names of units as the server has them now, where the release does not know the organisation as it is. Empty: as the release.
CREATE TABLE units (
  code TEXT PRIMARY KEY,
  name TEXT NOT NULL
) STRICT;
