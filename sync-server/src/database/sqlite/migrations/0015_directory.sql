-- The municipality's organisation where the desk changed it: a row a version, the newest counts. Units a version does not name
-- are as the release has them.
create table directory (
  id     integer primary key,
  at     integer not null,
  author integer not null,                     -- staff
  note   text not null,                        -- why
  body   text not null                         -- JSON: unit code to unit
) strict;
