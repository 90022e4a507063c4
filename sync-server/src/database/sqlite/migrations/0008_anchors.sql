-- Once a day the decisions of each request that moved are chained and signed for, so that nobody, the operators included,
-- can change them afterwards unseen. What is chained is H(salt, decision): with the salt gone nothing can be guessed back.
create table anchor (
  id        integer primary key,
  seq       integer not null,                  -- everything up to this place of the feed
  at        integer not null,
  root      blob not null,                     -- over the root before it and its lines
  key       integer not null,                  -- which key signed it
  signature blob not null
) strict;

create table anchored (
  anchor  integer not null,
  request blob not null,
  n       integer not null,                    -- rows of decisions that are chained
  head    blob not null,
  primary key (anchor, request)
) strict, without rowid;
create index anchored_request on anchored (request, anchor);

create table salt (
  request blob primary key not null,
  salt    blob not null
) strict, without rowid;
