-- The cache itself: which recipe drew which bytes, and what was being bought when the process died.
-- Plain SQL for SQLite 3.45 and later, applied alike by the Node program and by wrangler to D1. All times are
-- milliseconds since the epoch. Every table keeps its rowid: wide rows overflow badly without one.

-- The bytes of one image. The row is written after the bytes and deleted before them.
create table blobs (
  sha256 text primary key not null check (length(sha256) = 64),
  size integer not null,
  media_type text not null,
  width integer not null,
  height integer not null,
  created_at integer not null
) strict;

-- One stored generation. AUTOINCREMENT, so that an id is never used twice and a higher one is newer.
create table entries (
  id integer primary key autoincrement,
  site text not null,
  scope text not null,
  key text not null,
  take integer not null check (take >= 1),
  canonical text not null,
  model text not null,
  prompt text not null,
  answer text not null,
  usage text,
  upstream_request_id text,
  cost_amount real,
  cost_currency text check (cost_currency in ('CNY', 'USD')),
  elapsed_ms integer,
  created_at integer not null,
  used_at integer not null,
  hits integer not null default 0,
  pinned integer not null default 0 check (pinned in (0, 1)),
  unique (site, scope, key, take),
  check ((cost_amount is null) = (cost_currency is null))
) strict;

-- Eviction goes from the least recently used on and never meets a pinned entry.
create index entries_by_use on entries (used_at) where pinned = 0;

-- The age limit, likewise.
create index entries_by_age on entries (created_at) where pinned = 0;

-- Newest of a model first: every index ends with the rowid, which is the id.
create index entries_by_model on entries (site, scope, model);

create table images (
  entry_id integer not null references entries (id) on delete cascade,
  position integer not null,
  sha256 text not null references blobs (sha256),
  source_url text,
  primary key (entry_id, position)
) strict;

create index images_by_blob on images (sha256, entry_id);

-- The reference pictures that an entry was drawn from: the lineage of edits. Their bytes need not be blobs of ours.
create table entry_references (
  entry_id integer not null references entries (id) on delete cascade,
  position integer not null,
  field text not null,
  sha256 text not null check (length(sha256) = 64),
  primary key (entry_id, position)
) strict;

create index entry_references_by_blob on entry_references (sha256, entry_id);

-- The durable record of a flight, written before anything that costs money is sent.
create table attempts (
  id text primary key not null,
  site text not null,
  scope text not null,
  key text not null,
  model text not null,
  state text not null
    check (state in ('open', 'submitted', 'answered', 'stored', 'unstored', 'refused', 'failed', 'unknown')),
  -- Whose limits and whose tasks at the vendor: a fingerprint, as in credentials.
  account text not null,
  -- The vendor's task, once it has taken one.
  upstream_task text,
  recipe text,
  answer text,
  status integer,
  error text,
  created_at integer not null,
  updated_at integer not null
) strict;

create index attempts_by_state on attempts (state, updated_at);

-- Keyed fingerprints of credentials that the vendor has accepted. Never the credentials.
create table credentials (
  fingerprint text primary key not null,
  proven_at integer not null
) strict;
