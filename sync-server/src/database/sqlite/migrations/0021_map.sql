-- Map packs for tablets, a row a version, the newest counts; their parts lie among the photos.
create table map (
  id     integer primary key,
  at     integer not null,
  author integer not null,                     -- staff; 0 the command line
  note   text not null,                        -- name of the version
  body   text not null                         -- JSON: what is in it, names of its parts
) strict;
