-- Districts whose muhtarlıks somebody at the desk is limited to, by code, with blanks between; '': all.
alter table staff add column districts text not null default '';
-- When each of the server's own jobs, and of operators', last ran.
create table job (
  name    text primary key not null,
  at      integer not null,                    -- when it last began
  took    integer not null,                    -- ms
  good    integer not null,                    -- when it last began and ended well; 0 never
  trouble text not null                        -- why it failed the last time; '' it did not
) strict;
-- Photos that go with an announcement, in their order.
create table announcement_photo (
  announcement integer not null,
  place        integer not null,
  hash         blob not null,
  primary key (announcement, place)
) strict, without rowid;
create index announcement_photo_hash on announcement_photo (hash);
