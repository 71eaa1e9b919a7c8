-- One table for what may cost money: each row has a state, and only the transitions of src/core/purchases change it. What
-- was spent stands in the row, and in the ledger by the same transaction.

create table purchases (
  id text primary key not null,
  site text not null,
  scope text not null,
  key text not null,
  model text not null,
  -- Whose limits and whose jobs at the vendor: a fingerprint, as in credentials.
  account text not null,
  -- Not null is what keeps a transition from the wrong state from happening: it would write null.
  state text not null check (state in (
    'intended', 'sent', 'accepted', 'answered', 'stored', 'refused', 'failed', 'withdrawn', 'unknown', 'unstored'
  )),
  -- The vendor's task, once it has taken one.
  upstream_task text,
  -- JSON: what it is to be stored as.
  identity text,
  answer text,
  simulated integer not null default 0 check (simulated in (0, 1)),
  elapsed_ms integer,
  -- What was paid, and when that became known. A null cost is one that is not known.
  spent_at integer,
  images integer,
  cost_amount real,
  cost_currency text check (cost_currency in ('CNY', 'USD')),
  -- No reference: the entry may be evicted while the record of its purchase is kept.
  entry_id integer,
  status integer,
  error text,
  created_at integer not null,
  updated_at integer not null,
  check ((cost_amount is null) = (cost_currency is null)),
  check ((spent_at is null) = (images is null))
) strict;

insert into purchases (
  id, site, scope, key, model, account, state, upstream_task, identity, answer, simulated, entry_id, status, error, created_at, updated_at
)
select id, site, scope, key, model, account,
  case state when 'open' then 'sent' when 'submitted' then 'accepted' else state end,
  upstream_task, recipe, answer, 0, entry_id, status, error, created_at, updated_at
from attempts order by rowid;

drop table attempts;

create index purchases_by_state on purchases (state, updated_at);
create index purchases_by_age on purchases (updated_at);
-- Those that go on, by the recipe that asks for them.
create index purchases_open on purchases (site, scope, key)
  where state in ('intended', 'sent', 'accepted', 'answered');

alter table tasks rename column attempt_id to purchase_id;
