-- People who sign in by the municipality's identity provider: the name they have there, as an operator wrote it ('': none),
-- and issuer and subject, with a blank between, once they came by it for the first time ('': not yet).
alter table staff add column external text not null default '';
alter table staff add column identity text not null default '';
create unique index staff_external on staff (external) where external <> '';
create unique index staff_identity on staff (identity) where identity <> '';
-- Whether a session was begun by it.
alter table staff_session add column by_provider integer not null default 0;
