-- How full a tablet's battery was as it said last, percent; -1: it did not say.
alter table device add column battery integer not null default -1;
