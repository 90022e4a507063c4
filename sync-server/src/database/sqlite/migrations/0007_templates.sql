-- Words a unit uses again and again. unit: '' triage.
create table template (
  id     integer primary key,
  unit   text not null,
  name   text not null,
  body   text not null,
  author integer not null,                     -- staff
  at     integer not null
) strict;
create index template_unit on template (unit);
