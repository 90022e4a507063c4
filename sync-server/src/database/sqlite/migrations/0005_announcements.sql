-- What the municipality says to muhtars. `seq` counts along with what is made and what is withdrawn: a tablet asks for
-- what is behind the one it knows. audience: '' all, 'district:CODE', 'muhtarlik:CODE'.
create table announcement (
  id        integer primary key,
  seq       integer not null unique,
  at        integer not null,
  author    integer not null,                  -- staff
  unit      text not null,                     -- speaks for it; '' Muhtarliklar Mudurlugu
  audience  text not null,
  urgent    integer not null,
  title     text not null,
  body      text not null,
  withdrawn integer not null default 0         -- when
) strict;

create index announcement_audience on announcement (audience, seq);

create table announcement_seen (
  announcement integer not null,
  scope        integer not null,
  at           integer not null,
  primary key (announcement, scope)
) strict, without rowid;
