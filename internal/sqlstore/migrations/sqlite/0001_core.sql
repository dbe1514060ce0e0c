-- +goose Up
-- Times are microseconds since 1970 UTC, ids 16 bytes; an empty id or a zero time
-- means "not". Tables of a conversation have conversation_id leading their keys,
-- tables of a user user_id.

-- The installation whose keys this database needs: one row.
CREATE TABLE installation (
  id         BLOB NOT NULL PRIMARY KEY,
  created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE users (
  id              BLOB NOT NULL PRIMARY KEY,
  email           TEXT NOT NULL,
  email_key       TEXT NOT NULL, -- lower case
  name            TEXT NOT NULL,
  name_key        TEXT NOT NULL, -- lower case
  headline        TEXT NOT NULL,
  language        TEXT NOT NULL,
  time_zone       TEXT NOT NULL,
  previous_zone   TEXT NOT NULL,
  zone_changed_at INTEGER NOT NULL,
  roles           TEXT NOT NULL,
  receipts        INTEGER NOT NULL,
  undo_us         INTEGER NOT NULL,
  password        TEXT NOT NULL,
  created_at      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX users_email ON users (email_key);
CREATE INDEX users_name ON users (name_key, id);

CREATE TABLE session (
  user_id    BLOB NOT NULL,
  id         BLOB NOT NULL,
  kind       INTEGER NOT NULL,
  hash       BLOB NOT NULL,
  label      TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  PRIMARY KEY (user_id, id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX session_hash ON session (hash);

CREATE TABLE policy (
  version             INTEGER NOT NULL PRIMARY KEY,
  recall              INTEGER NOT NULL,
  window_us           INTEGER NOT NULL,
  per_day             INTEGER NOT NULL,
  throttle_messages   INTEGER NOT NULL,
  throttle_recipients INTEGER NOT NULL,
  throttle_refusals   INTEGER NOT NULL,
  throttle_period_us  INTEGER NOT NULL,
  group_mode          TEXT NOT NULL,
  trace               TEXT NOT NULL,
  previews            TEXT NOT NULL,
  notification_us     INTEGER NOT NULL,
  undo_default_us     INTEGER NOT NULL,
  reason              TEXT NOT NULL,
  changed_by          BLOB NOT NULL,
  changed_at          INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The row of a conversation is the lock under which everything in it is decided.
CREATE TABLE conversation (
  id         BLOB NOT NULL PRIMARY KEY,
  kind       INTEGER NOT NULL,
  title      TEXT NOT NULL,
  creator_id BLOB NOT NULL,
  created_at INTEGER NOT NULL,
  seq        INTEGER NOT NULL,
  rev        INTEGER NOT NULL,
  decided_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE participant (
  conversation_id BLOB NOT NULL,
  user_id         BLOB NOT NULL,
  joined_at       INTEGER NOT NULL,
  left_at         INTEGER NOT NULL,
  PRIMARY KEY (conversation_id, user_id)
) STRICT, WITHOUT ROWID;

-- What one user's list shows of a conversation. last_activity_at is zero while the
-- conversation is not listed; changed_at is an upper bound, for finding candidates.
CREATE TABLE inbox (
  user_id          BLOB NOT NULL,
  conversation_id  BLOB NOT NULL,
  listed_at        INTEGER NOT NULL,
  touched_at       INTEGER NOT NULL,
  changed_at       INTEGER NOT NULL,
  last_activity_at INTEGER NOT NULL,
  unread           INTEGER NOT NULL,
  marked_unread    INTEGER NOT NULL,
  PRIMARY KEY (user_id, conversation_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX inbox_activity ON inbox (user_id, last_activity_at, conversation_id);

CREATE TABLE message (
  conversation_id   BLOB NOT NULL,
  id                BLOB NOT NULL,
  sender_id         BLOB NOT NULL,
  kind              INTEGER NOT NULL,
  state             INTEGER NOT NULL,
  in_reply_to       BLOB NOT NULL,
  created_at        INTEGER NOT NULL,
  release_at        INTEGER NOT NULL,
  time_zone         TEXT NOT NULL,
  seq               INTEGER NOT NULL,
  sent_at           INTEGER NOT NULL,
  recallable_until  INTEGER NOT NULL,
  policy_version    INTEGER NOT NULL,
  version           INTEGER NOT NULL,
  body              BLOB NOT NULL, -- sealed
  ref               INTEGER NOT NULL,  -- which key wraps the content's key: > 0 epoch, < 0 long-term, 0 none
  wrapped           BLOB NOT NULL, -- the content's key, wrapped
  window_over       INTEGER NOT NULL,
  recalled_at       INTEGER NOT NULL,
  draft_id          BLOB NOT NULL,
  erased_at         INTEGER NOT NULL,
  changed_at        INTEGER NOT NULL,
  sender_changed_at INTEGER NOT NULL,
  PRIMARY KEY (conversation_id, id)
) STRICT;
CREATE UNIQUE INDEX message_id ON message (id);
CREATE INDEX message_position ON message (conversation_id, sent_at);
CREATE INDEX message_changed ON message (conversation_id, changed_at);
CREATE INDEX message_epoch ON message (ref) WHERE ref > 0;
CREATE INDEX message_due ON message (release_at) WHERE state < 3;
CREATE INDEX message_pending ON message (conversation_id, sender_id) WHERE state < 3;
CREATE INDEX message_recalled ON message (conversation_id, recalled_at) WHERE recalled_at > 0;

CREATE TABLE delivery (
  conversation_id BLOB NOT NULL,
  message_id      BLOB NOT NULL,
  user_id         BLOB NOT NULL,
  sent_at         INTEGER NOT NULL, -- the position of the message
  state           INTEGER NOT NULL,
  decided_at      INTEGER NOT NULL,
  receipt         INTEGER NOT NULL,
  level           INTEGER NOT NULL,
  visible         INTEGER NOT NULL,
  changed_at      INTEGER NOT NULL,
  PRIMARY KEY (conversation_id, message_id, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX delivery_sealed ON delivery (conversation_id, user_id, sent_at) WHERE state = 1 AND visible = 1;

CREATE TABLE recall_count (
  conversation_id BLOB NOT NULL,
  user_id         BLOB NOT NULL,
  message_id      BLOB NOT NULL,
  next_possible   INTEGER NOT NULL,
  PRIMARY KEY (conversation_id, user_id, message_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX recall_count_next ON recall_count (conversation_id, user_id, next_possible);

CREATE TABLE refusal (
  user_id     BLOB NOT NULL,
  at          INTEGER NOT NULL,
  decision_id BLOB NOT NULL,
  PRIMARY KEY (user_id, at, decision_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE tombstone (
  user_id    BLOB NOT NULL,
  message_id BLOB NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (user_id, message_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE draft (
  user_id         BLOB NOT NULL,
  id              BLOB NOT NULL,
  conversation_id BLOB NOT NULL,
  from_message    BLOB NOT NULL,
  reason          TEXT NOT NULL,
  created_at      INTEGER NOT NULL,
  updated_at      INTEGER NOT NULL,
  expires_at      INTEGER NOT NULL,
  version         INTEGER NOT NULL,
  body            BLOB NOT NULL, -- sealed
  ref             INTEGER NOT NULL,
  wrapped         BLOB NOT NULL,
  PRIMARY KEY (user_id, id)
) STRICT;
CREATE INDEX draft_epoch ON draft (ref) WHERE ref > 0;

-- Outcomes by idempotency key: ids and MACs, no content.
CREATE TABLE replay (
  user_id    BLOB NOT NULL,
  idem_key   TEXT NOT NULL,
  request    BLOB NOT NULL,
  content    BLOB NOT NULL,
  result     BLOB NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (user_id, idem_key)
) STRICT, WITHOUT ROWID;

CREATE INDEX replay_created ON replay (created_at);

-- One row a decision; its id is also how an unknown commit is looked up.
CREATE TABLE audit (
  id              BLOB NOT NULL PRIMARY KEY,
  at              INTEGER NOT NULL,
  actor_id        BLOB NOT NULL,
  action          TEXT NOT NULL,
  conversation_id BLOB NOT NULL,
  message_id      BLOB NOT NULL,
  subject_id      BLOB NOT NULL,
  code            TEXT NOT NULL,
  rev             INTEGER NOT NULL,
  detail          TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE epoch (
  hour         INTEGER NOT NULL PRIMARY KEY,
  state        INTEGER NOT NULL,
  created_at   INTEGER NOT NULL,
  destroyed_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Who may have noticed a message: until when each user was, or may have been, there.
CREATE TABLE presence (
  user_id    BLOB NOT NULL PRIMARY KEY,
  seen_until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE live (
  user_id BLOB NOT NULL,
  node_id BLOB NOT NULL,
  PRIMARY KEY (user_id, node_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX live_node ON live (node_id);
CREATE TABLE node (
  id          BLOB NOT NULL PRIMARY KEY,
  lease_until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- +goose Down
SELECT 1;
