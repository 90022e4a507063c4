-- Days on which the desk says otherwise than the calendar: administrative leave, a holiday that moved.
create table calendar_day (
  date   text primary key not null,            -- YYYY-MM-DD
  kind   integer not null,                     -- 0 off, 1 off from 13:00, 2 a working day after all
  name   text not null,
  author integer not null,                     -- staff
  at     integer not null
) strict, without rowid;
