-- What is late is counted, and a muhtarlık's reports of some weeks are found, without opening the rows.
drop index request_urgency;
create index request_urgency on request (state, urgency, rid, unit, due, paused, returns, received) where state < 8;
drop index request_scope;
create index request_scope on request (scope, received);
