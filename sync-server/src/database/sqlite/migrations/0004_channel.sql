-- How a request came: 0 from a tablet, else 1 + its place in the list of channels.
alter table request add column channel integer not null default 0;
