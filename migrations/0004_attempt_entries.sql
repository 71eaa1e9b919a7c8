-- Which entry an attempt's pictures were stored as: what its tasks are told when the process that bought them is gone.

-- No reference: the entry may be evicted while the record of its purchase is kept.
alter table attempts add column entry_id integer;

-- Purchases stored before this column, where a task still waits: the newest entry that there was by then.
update attempts set entry_id = (
  select max(e.id) from entries e
  where e.site = attempts.site and e.scope = attempts.scope and e.key = attempts.key
    and e.created_at <= attempts.updated_at
)
where state = 'stored' and id in (select attempt_id from tasks where state in ('PENDING', 'RUNNING'));
