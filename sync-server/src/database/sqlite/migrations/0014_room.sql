-- Room left on a tablet's disk as it said last, MiB; 0: it did not say.
alter table device add column free integer not null default 0;
