-- Files that clients uploaded to be used as references: `oss://` names that we gave out, and where the vendor has the
-- same bytes. Both die after 48 hours, as the vendor's do.

create table uploads (
  -- The object key in `oss://<name>`.
  name text primary key not null,
  -- Whose it is: nobody else can use its name.
  scope text not null,
  model text not null,
  sha256 text not null check (length(sha256) = 64),
  size integer not null,
  -- By content. Null when the file is no image that we know.
  media_type text,
  created_at integer not null,
  expires_at integer not null
) strict;

create index uploads_by_expiry on uploads (expires_at);
-- With the size, so that the sum over all files is read from here alone.
create index uploads_by_blob on uploads (sha256, size);

-- What has been uploaded to the vendor, so that a file goes there once per account and model while it lives.
create table upstream_uploads (
  site text not null,
  account text not null,
  model text not null,
  sha256 text not null check (length(sha256) = 64),
  -- The vendor's `oss://` name.
  url text not null,
  expires_at integer not null,
  primary key (site, account, model, sha256)
) strict;

create index upstream_uploads_by_expiry on upstream_uploads (expires_at);
