-- Looking into the store: search, tags, totals, and entries that answer nobody any more.

-- Since when it answers no request, or null. Its pictures stay, and so do the URLs that were handed out.
alter table entries add column invalidated_at integer;

create table entry_tags (
  entry_id integer not null references entries (id) on delete cascade,
  tag text not null,
  primary key (entry_id, tag)
) strict;

-- Lists go by use, by age and by hits over all entries. Eviction and the age limit read `pinned` from the index.
drop index entries_by_use;
drop index entries_by_age;
create index entries_by_use on entries (used_at, id, pinned);
create index entries_by_age on entries (created_at, id, pinned);
create index entries_by_hits on entries (hits, id);
-- With the take, so that it does not look like a way to the newest entry of a key in one scope.
create index entries_by_key on entries (key, take);

create index attempts_by_age on attempts (updated_at);

-- What entries are found by, without the texts themselves. `words` is the prompt with a space around every character of
-- scripts that are written without spaces. `facets` is one word for each thing to filter by: its name, then its value in
-- hexadecimal, as in `model7a2d696d616765`. The program writes both, since SQL cannot tell the scripts apart.
create virtual table entry_search using fts5 (
  words,
  facets,
  content = '',
  contentless_delete = 1,
  prefix = '2 3',
  tokenize = "unicode61 remove_diacritics 2 categories 'L* N* Co So'"
);

-- Entries from before this file, which the program makes searchable bit by bit, newest first.
create table search_backlog (
  entry_id integer primary key references entries (id) on delete cascade
) strict;

insert into search_backlog select id from entries;

-- Sums, so that nobody has to count a million rows. The program keeps them where it inserts and deletes.
create table entry_totals (
  site text not null,
  scope text not null,
  model text not null,
  entries integer not null,
  -- Sizes of their images. A blob that two entries show counts twice.
  bytes integer not null,
  hits integer not null,
  primary key (site, scope, model)
) strict;

insert into entry_totals
  select e.site, e.scope, e.model, count(*), 0, sum(e.hits) from entries e group by 1, 2, 3;

update entry_totals set bytes = shown.bytes
  from (
    select e.site, e.scope, e.model, sum(b.size) as bytes
    from images i join blobs b on b.sha256 = i.sha256 join entries e on e.id = i.entry_id
    group by 1, 2, 3
  ) as shown
  where shown.site = entry_totals.site and shown.scope = entry_totals.scope and shown.model = entry_totals.model;

create table blob_totals (
  id integer primary key check (id = 1),
  blobs integer not null,
  -- Sizes of the distinct blobs.
  bytes integer not null
) strict;

insert into blob_totals select 1, count(*), coalesce(sum(size), 0) from blobs;
