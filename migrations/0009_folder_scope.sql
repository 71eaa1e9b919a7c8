-- Whose entries are those of callers without a key, in local mode: the folder's. Named after the server's first key, once and for
-- all, so that another key finds the same entries and goes on with the same tasks.

create table folder_scope (
  one integer primary key check (one = 1),
  scope text not null
) strict;
