revoke all on schema hq from public, anon, authenticated, service_role;

comment on table hq.migrations is 'Files that were applied once, with their checksums.';
comment on table hq.repeatable_files is 'Functions and rights files as they were last applied, with their checksums.';
comment on table hq.defined_objects is
  'Functions and triggers that hq-db created, so that it can drop those which no file defines any more.';
comment on table hq.object_checksums is
  'Functions, triggers, policies and rights as `hq-db migrate` left them, so that `hq-db verify` finds what was changed by hand.';
comment on table hq.created_tables is
  'Tables of `public` that hq-db created and an older HQ would have kept in its own way.';
