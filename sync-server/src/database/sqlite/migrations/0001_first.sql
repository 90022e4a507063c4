-- Schema 1. Never edited once released; the next step is a new file.
-- No nulls: 0, '' or x'' stand for "none". Time is Unix milliseconds.

-- Counters and facts about the whole server: epoch, seq, rid, number:YEAR, devices.
create table meta (
  name  text primary key not null,
  value integer not null
) strict;
insert into meta (name, value) values ('seq', 0), ('rid', 0), ('devices', 0);

-- Codes of neighbourhoods and units, as small numbers: what the feed and the index rows carry.
create table scope (
  id   integer primary key,
  code text not null unique
) strict;

-- Who a muhtar is: person <- mandate <- device.
create table person (
  id   integer primary key,
  name text not null
) strict;

create table mandate (
  id     integer primary key,
  person integer not null references person (id),
  scope  integer not null references scope (id),
  since  integer not null,
  until  integer not null default 0
) strict;
create index mandate_scope on mandate (scope);

create table device (
  id         integer primary key,
  no         integer not null unique,          -- random 63 bits, first half of its actors
  prefix     integer not null unique,          -- begins its case numbers
  mandate    integer not null references mandate (id),
  token      blob not null unique,             -- SHA-256 of the token
  public_key blob not null,
  app        text not null,
  enrolled   integer not null,
  revoked    integer not null default 0,
  seen       integer not null default 0,
  created    integer not null default 0,       -- things it says it made
  arrived    integer not null default 0        -- things of it that were accepted
) strict;
create index device_mandate on device (mandate);

create table enrol_code (
  hash    blob primary key not null,
  mandate integer not null references mandate (id),
  expires integer not null,
  used    integer not null default 0
) strict;

-- One narrow row a request: lists and decisions. What was written lies in the feed, unopened.
create table request (
  rid      integer primary key,
  id       blob not null unique,
  scope    integer not null,                   -- muhtarlik that filed it
  place    integer not null,                   -- neighbourhood its place lies in; 0 unknown
  unit     integer not null,                   -- who holds it; 0 nobody (triage)
  no       integer not null unique,            -- year * 1,000,000,000 + n
  case_no  integer not null,                   -- prefix << 40 | counter << 10 | random
  state    integer not null,
  outcome  integer not null default 0,         -- 0 none, else 1 + its place in the list
  kind     integer not null,
  category text not null,                      -- as routed or corrected
  title    text not null,
  flags    integer not null,                   -- 1 conflict, 2 discreet, 4 another category is wished
  at       integer not null,                   -- filed, by the tablet's clock: a claim
  received integer not null,
  since    integer not null,                   -- in this state since
  due      integer not null,                   -- 0 none
  paused   integer not null default 0,         -- clock stands still since
  hops     integer not null,
  returns  integer not null default 0,
  n        integer not null,                   -- last event
  changes  integer not null,                   -- accepted changes of its document
  blobs    integer not null,                   -- photos and notes it refers to
  here     integer not null default 0          -- photos and notes that are whole here
) strict;
create index request_scope on request (scope);
create index request_state on request (state, unit);

-- One sequence in commit order. For a muhtarlik the row is the item itself (a change, entry or event is
-- stored exactly once, here, as it was packed); for a unit it is a pointer for the program interface.
--   kind 0 change, 1 entry, 2 event, 3 photo is whole, 4 erased
--   kind 16 entered (with the state as of event n), 17 left, 18 event n, 19 words, thread or photos changed
-- Rows are only ever appended, so their pages are full; a scope's places are an index of a few bytes a row.
create table feed (
  seq     integer primary key,
  scope   integer not null,
  request integer not null,
  kind    integer not null,
  n       integer not null,                    -- event: its number; entry: what it is; change: its place
  key     integer not null,                    -- change: first 8 bytes of its hash; entry: of its id; else 0
  session integer not null,                    -- first 8 bytes of the session that pushed it; -1: as the row before; else 0
  author  integer not null,                    -- device id as a negative number, staff id, 0 the server
  at      integer not null,
  mac     blob not null,
  packed  blob not null
) strict;
create index feed_scope on feed (scope, seq);
create index feed_request on feed (request, seq) where kind < 16;
create index feed_key on feed (key) where key <> 0;

-- Photos and voice notes that are whole; their bytes lie in the blob store.
create table blob (
  id    integer primary key,
  hash  blob not null unique,
  size  integer not null,
  thumb integer not null default 0,
  staff integer not null default 0,            -- uploaded at the desk by
  at    integer not null
) strict;

create table blob_ref (
  blob    integer not null,
  request integer not null,
  primary key (blob, request)
) strict, without rowid;
create index blob_ref_request on blob_ref (request);

-- Slices of uploads that were cut, by the muhtarlik that uploads.
create table blob_chunk (
  hash  blob not null,
  scope integer not null,
  start integer not null,
  at    integer not null,
  bytes blob not null,
  primary key (hash, scope, start)
) strict;

-- Requests erased by law: never taken in again.
create table erased (
  request blob primary key not null,
  at      integer not null,
  hash    blob not null                        -- of its first change
) strict, without rowid;

-- What was refused, readable for a person.
create table quarantine (
  id      integer primary key,
  device  integer not null,
  request blob not null,
  kind    integer not null,
  code    integer not null,
  key     integer not null,                    -- first 8 bytes of SHA-256 of the bytes
  at      integer not null,
  bytes   blob not null,
  unique (device, key)
) strict;

-- Units' own switches.
create table unit_setting (
  unit     text primary key not null,
  approval integer not null
) strict;

create table staff (
  id       integer primary key,
  login    text not null unique,
  name     text not null,
  title    text not null,
  role     text not null,
  unit     text not null,
  password text not null,
  created  integer not null,
  disabled integer not null default 0
) strict;

create table staff_session (
  token   blob primary key not null,           -- SHA-256 of the cookie
  staff   integer not null references staff (id),
  created integer not null,
  seen    integer not null,
  expires integer not null
) strict;
create index staff_session_staff on staff_session (staff);

create table api_key (
  id      integer primary key,
  token   blob not null unique,                -- SHA-256 of the key
  name    text not null,
  unit    text not null,
  created integer not null,
  expires integer not null,
  revoked integer not null default 0
) strict;
