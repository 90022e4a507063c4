-- Parts of a request's work that other units owe (alt iş), told from its events: a row while one is owed.
create table task (
  request integer not null,                    -- its row
  n       integer not null,                    -- the event that gave it
  unit    integer not null,                    -- who owes it
  primary key (request, n)
) strict, without rowid;
create index task_unit on task (unit, request);
