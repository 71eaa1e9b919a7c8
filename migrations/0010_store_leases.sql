-- Who publishes or deletes bytes right now, where several processes share a store: src/services/blobs/leased-store-lock.ts.

create table store_leases (
  -- Store and digest.
  name text not null,
  holder text not null,
  -- 1 for who deletes.
  alone integer not null check (alone in (0, 1)),
  ends_at integer not null,
  primary key (name, holder)
) strict;
