-- One row a session, one an entry, one a question, one a process that drives, one a worker, one a content that is kept
-- once for all that use it. No row holds content but an entry's line and the part of it that is kept apart.
-- The words in capitals are the database's own: IDENTITY, TEXT_C (text that is compared byte by byte), FULL(n).
create table strands_schema (version int not null);

create table strands_sessions (
  no IDENTITY,
  namespace text not null,
  kind text not null,
  id TEXT_C not null,
  workflow text not null,
  pattern text not null,
  status text not null,
  driver text not null,
  origins text not null,
  count int not null,
  last_sum text not null,
  open int not null,
  tokens bigint not null,
  created_at float8 not null,
  updated_at float8 not null,
  wake_at float8,
  unique (namespace, kind, id)
) FULL(70);

create table strands_entries (
  session bigint not null references strands_sessions on delete cascade,
  seq int not null,
  line bytea not null,
  blob bigint,
  primary key (session, seq)
);

create table strands_blobs (
  no IDENTITY,
  namespace text not null,
  digest text not null,
  kept_until float8 not null,
  content bytea not null,
  unique (namespace, digest)
);

create table strands_uses (
  session bigint not null references strands_sessions on delete cascade,
  blob bigint not null references strands_blobs,
  primary key (session, blob)
);

create table strands_questions (
  session bigint not null references strands_sessions on delete cascade,
  key text not null,
  namespace text not null,
  seq int not null,
  kind text not null,
  asked_at float8 not null,
  deadline float8,
  timer float8,
  answered int,
  primary key (session, key)
);

create table strands_drivers (
  token text primary key,
  host text not null,
  expires float8 not null
) FULL(50);

create table strands_workers (
  driver text primary key,
  namespace text not null,
  said text not null
) FULL(50);

create index strands_sessions_listed on strands_sessions (namespace, kind, status, created_at desc, no);

create index strands_sessions_newest on strands_sessions (namespace, kind, created_at desc, no);

create index strands_sessions_due on strands_sessions (namespace, kind, wake_at) where wake_at is not null;

create index strands_sessions_driven on strands_sessions (driver) where driver <> '';

create index strands_questions_open on strands_questions (namespace, asked_at, session, key) where answered is null;

create index strands_questions_due on strands_questions (namespace, deadline, asked_at, session, key)
  where answered is null;

create index strands_questions_timed on strands_questions (namespace, timer) where answered is null and timer is not null;

create index strands_uses_of on strands_uses (blob);
