-- What the requests of each hour came to, by site, model and scope: counts, bytes and money at list price.

-- Whole hours at first, and later those of a day (UTC) folded into its first one. Money is kept apart by currency.
-- What had no known price is counted, since that is not zero.
create table ledger (
  -- The hour's beginning.
  at integer not null,
  site text not null,
  model text not null,
  scope text not null,
  hits integer not null,
  misses integer not null,
  coalesced integer not null,
  bypassed integer not null,
  errors integer not null,
  bytes integer not null,
  spent_cny real not null,
  spent_usd real not null,
  spent_unpriced integer not null,
  avoided_cny real not null,
  avoided_usd real not null,
  avoided_unpriced integer not null,
  avoided_ms integer not null,
  primary key (site, at, model, scope)
) strict;
