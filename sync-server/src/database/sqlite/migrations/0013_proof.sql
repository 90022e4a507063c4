-- What the camera of a desk's photo wrote beside it, before it was dropped: a claim, for whoever approves the answer.
alter table blob add column taken integer not null default 0;
alter table blob add column lat integer not null default 0;
alter table blob add column lon integer not null default 0;
