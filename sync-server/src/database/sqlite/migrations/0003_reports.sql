-- What reports count, told from the events like the rest of the row: when the answer was given, whether the muhtar
-- confirmed it himself, how often he objected. Filled in for what is there by `operate::index`.
alter table request add column concluded integer not null default 0;
alter table request add column confirmed integer not null default 0;
alter table request add column objections integer not null default 0;
create index request_received on request (received);
create index request_concluded on request (concluded) where concluded <> 0;
