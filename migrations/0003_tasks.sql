-- Asynchronous tasks as clients see them: ids of our own, each with one upstream job behind it that others may share.

create table tasks (
  id text primary key not null,
  site text not null,
  scope text not null,
  key text not null,
  model text not null,
  -- The shape that the client's endpoint answers in.
  family text not null check (family in ('choices', 'results')),
  state text not null check (state in ('PENDING', 'RUNNING', 'SUCCEEDED', 'FAILED', 'CANCELED')),
  -- The flight's record, or null where it was a hit.
  attempt_id text,
  -- What it came to: an entry, or where nothing was stored the answer itself.
  entry_id integer,
  body text,
  submitted_at integer not null,
  ended_at integer
) strict;

create index tasks_by_scope on tasks (scope, submitted_at);
create index tasks_by_attempt on tasks (attempt_id) where attempt_id is not null;
create index tasks_by_age on tasks (submitted_at);
