-- The second factor of people at the desk: the number its secret follows from (0: none), and the last step that was used.
alter table staff add column second_factor integer not null default 0;
alter table staff add column second_step integer not null default 0;
