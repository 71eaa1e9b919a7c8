-- Sessions of the admin page that were ended before their time, so that a copy of the cookie opens nothing after a logout.

create table ended_sessions (
  -- The nonce of the session. The signature, which is what opens, is kept nowhere.
  id text primary key,
  -- When it would have ended by itself, and the row can go.
  ends_at integer not null
) strict;
