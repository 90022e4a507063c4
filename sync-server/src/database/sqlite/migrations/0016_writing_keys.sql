-- Whether a program may also write with its key what its unit or institution decides.
alter table api_key add column writes integer not null default 0;
