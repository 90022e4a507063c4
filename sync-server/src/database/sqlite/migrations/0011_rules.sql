-- How categories are routed where the desk changed it: a row a version, the newest counts. What a version does not name is as
-- the directory has it.
create table rules (
  id     integer primary key,
  at     integer not null,
  author integer not null,                     -- staff
  note   text not null,                        -- why
  body   text not null                         -- JSON: category code to rule
) strict;
