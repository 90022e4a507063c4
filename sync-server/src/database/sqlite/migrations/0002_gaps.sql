-- Loss detector: what a tablet says it made and what has not come, as ranges of its counts, each with the
-- time at which the server first heard of it. Nearly always empty.
create table gap (
  device integer not null,
  first  integer not null,
  last   integer not null,
  since  integer not null,
  primary key (device, first)
) strict, without rowid;

-- When one of its counts came with two different things: two tablets have one identity. 0 never.
alter table device add column twin integer not null default 0;
