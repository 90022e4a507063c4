-- What a list of open work begins with: urgent categories, then what is due first. Told from events and the directory.
alter table request add column urgency integer not null default 0;
create index request_urgency on request (state, urgency) where state < 8;
