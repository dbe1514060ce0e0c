-- +goose Up
-- Times are microseconds since 1970 UTC, ids 16 bytes; an empty id or a zero time
-- means "not". Tables of a conversation have conversation_id leading their keys,
-- tables of a user user_id.

-- The installation whose keys this database needs: one row.
CREATE TABLE installation (
  id         BYTEA NOT NULL PRIMARY KEY,
  created_at BIGINT NOT NULL
);

CREATE TABLE users (
  id              BYTEA NOT NULL PRIMARY KEY,
  email           TEXT COLLATE "C" NOT NULL,
  email_key       TEXT COLLATE "C" NOT NULL, -- lower case
  name            TEXT COLLATE "C" NOT NULL,
  name_key        TEXT COLLATE "C" NOT NULL, -- lower case
  headline        TEXT COLLATE "C" NOT NULL,
  language        TEXT COLLATE "C" NOT NULL,
  time_zone       TEXT COLLATE "C" NOT NULL,
  previous_zone   TEXT COLLATE "C" NOT NULL,
  zone_changed_at BIGINT NOT NULL,
  roles           TEXT COLLATE "C" NOT NULL,
  receipts        BIGINT NOT NULL,
  undo_us         BIGINT NOT NULL,
  password        TEXT COLLATE "C" NOT NULL,
  created_at      BIGINT NOT NULL
);
CREATE UNIQUE INDEX users_email ON users (email_key);
CREATE INDEX users_name ON users (name_key, id);

CREATE TABLE session (
  user_id    BYTEA NOT NULL,
  id         BYTEA NOT NULL,
  kind       BIGINT NOT NULL,
  hash       BYTEA NOT NULL,
  label      TEXT COLLATE "C" NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  PRIMARY KEY (user_id, id)
);
CREATE UNIQUE INDEX session_hash ON session (hash);

CREATE TABLE policy (
  version             BIGINT NOT NULL PRIMARY KEY,
  recall              BIGINT NOT NULL,
  window_us           BIGINT NOT NULL,
  per_day             BIGINT NOT NULL,
  throttle_messages   BIGINT NOT NULL,
  throttle_recipients BIGINT NOT NULL,
  throttle_refusals   BIGINT NOT NULL,
  throttle_period_us  BIGINT NOT NULL,
  group_mode          TEXT COLLATE "C" NOT NULL,
  trace               TEXT COLLATE "C" NOT NULL,
  previews            TEXT COLLATE "C" NOT NULL,
  notification_us     BIGINT NOT NULL,
  undo_default_us     BIGINT NOT NULL,
  reason              TEXT COLLATE "C" NOT NULL,
  changed_by          BYTEA NOT NULL,
  changed_at          BIGINT NOT NULL
);

-- The row of a conversation is the lock under which everything in it is decided.
CREATE TABLE conversation (
  id         BYTEA NOT NULL PRIMARY KEY,
  kind       BIGINT NOT NULL,
  title      TEXT COLLATE "C" NOT NULL,
  creator_id BYTEA NOT NULL,
  created_at BIGINT NOT NULL,
  seq        BIGINT NOT NULL,
  rev        BIGINT NOT NULL,
  decided_at BIGINT NOT NULL
);

CREATE TABLE participant (
  conversation_id BYTEA NOT NULL,
  user_id         BYTEA NOT NULL,
  joined_at       BIGINT NOT NULL,
  left_at         BIGINT NOT NULL,
  PRIMARY KEY (conversation_id, user_id)
);

-- What one user's list shows of a conversation. last_activity_at is zero while the
-- conversation is not listed; changed_at is an upper bound, for finding candidates.
CREATE TABLE inbox (
  user_id          BYTEA NOT NULL,
  conversation_id  BYTEA NOT NULL,
  listed_at        BIGINT NOT NULL,
  touched_at       BIGINT NOT NULL,
  changed_at       BIGINT NOT NULL,
  last_activity_at BIGINT NOT NULL,
  unread           BIGINT NOT NULL,
  marked_unread    BIGINT NOT NULL,
  PRIMARY KEY (user_id, conversation_id)
);
CREATE INDEX inbox_activity ON inbox (user_id, last_activity_at, conversation_id);

CREATE TABLE message (
  conversation_id   BYTEA NOT NULL,
  id                BYTEA NOT NULL,
  sender_id         BYTEA NOT NULL,
  kind              BIGINT NOT NULL,
  state             BIGINT NOT NULL,
  in_reply_to       BYTEA NOT NULL,
  created_at        BIGINT NOT NULL,
  release_at        BIGINT NOT NULL,
  time_zone         TEXT COLLATE "C" NOT NULL,
  seq               BIGINT NOT NULL,
  sent_at           BIGINT NOT NULL,
  recallable_until  BIGINT NOT NULL,
  policy_version    BIGINT NOT NULL,
  version           BIGINT NOT NULL,
  body              BYTEA NOT NULL, -- sealed
  ref               BIGINT NOT NULL,  -- which key wraps the content's key: > 0 epoch, < 0 long-term, 0 none
  wrapped           BYTEA NOT NULL, -- the content's key, wrapped
  window_over       BIGINT NOT NULL,
  recalled_at       BIGINT NOT NULL,
  draft_id          BYTEA NOT NULL,
  erased_at         BIGINT NOT NULL,
  changed_at        BIGINT NOT NULL,
  sender_changed_at BIGINT NOT NULL,
  PRIMARY KEY (conversation_id, id)
);
CREATE UNIQUE INDEX message_id ON message (id);
CREATE INDEX message_position ON message (conversation_id, sent_at);
CREATE INDEX message_changed ON message (conversation_id, changed_at);
CREATE INDEX message_epoch ON message (ref) WHERE ref > 0;
CREATE INDEX message_due ON message (release_at) WHERE state < 3;
CREATE INDEX message_pending ON message (conversation_id, sender_id) WHERE state < 3;
CREATE INDEX message_recalled ON message (conversation_id, recalled_at) WHERE recalled_at > 0;

CREATE TABLE delivery (
  conversation_id BYTEA NOT NULL,
  message_id      BYTEA NOT NULL,
  user_id         BYTEA NOT NULL,
  sent_at         BIGINT NOT NULL, -- the position of the message
  state           BIGINT NOT NULL,
  decided_at      BIGINT NOT NULL,
  receipt         BIGINT NOT NULL,
  level           BIGINT NOT NULL,
  visible         BIGINT NOT NULL,
  changed_at      BIGINT NOT NULL,
  PRIMARY KEY (conversation_id, message_id, user_id)
);
CREATE INDEX delivery_sealed ON delivery (conversation_id, user_id, sent_at) WHERE state = 1 AND visible = 1;

CREATE TABLE recall_count (
  conversation_id BYTEA NOT NULL,
  user_id         BYTEA NOT NULL,
  message_id      BYTEA NOT NULL,
  next_possible   BIGINT NOT NULL,
  PRIMARY KEY (conversation_id, user_id, message_id)
);
CREATE INDEX recall_count_next ON recall_count (conversation_id, user_id, next_possible);

CREATE TABLE refusal (
  user_id     BYTEA NOT NULL,
  at          BIGINT NOT NULL,
  decision_id BYTEA NOT NULL,
  PRIMARY KEY (user_id, at, decision_id)
);

CREATE TABLE tombstone (
  user_id    BYTEA NOT NULL,
  message_id BYTEA NOT NULL,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (user_id, message_id)
);

CREATE TABLE draft (
  user_id         BYTEA NOT NULL,
  id              BYTEA NOT NULL,
  conversation_id BYTEA NOT NULL,
  from_message    BYTEA NOT NULL,
  reason          TEXT COLLATE "C" NOT NULL,
  created_at      BIGINT NOT NULL,
  updated_at      BIGINT NOT NULL,
  expires_at      BIGINT NOT NULL,
  version         BIGINT NOT NULL,
  body            BYTEA NOT NULL, -- sealed
  ref             BIGINT NOT NULL,
  wrapped         BYTEA NOT NULL,
  PRIMARY KEY (user_id, id)
);
CREATE INDEX draft_epoch ON draft (ref) WHERE ref > 0;

-- Outcomes by idempotency key: ids and MACs, no content.
CREATE TABLE replay (
  user_id    BYTEA NOT NULL,
  idem_key   TEXT COLLATE "C" NOT NULL,
  request    BYTEA NOT NULL,
  content    BYTEA NOT NULL,
  result     BYTEA NOT NULL,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (user_id, idem_key)
);

CREATE INDEX replay_created ON replay (created_at);

-- One row a decision; its id is also how an unknown commit is looked up.
CREATE TABLE audit (
  id              BYTEA NOT NULL PRIMARY KEY,
  at              BIGINT NOT NULL,
  actor_id        BYTEA NOT NULL,
  action          TEXT COLLATE "C" NOT NULL,
  conversation_id BYTEA NOT NULL,
  message_id      BYTEA NOT NULL,
  subject_id      BYTEA NOT NULL,
  code            TEXT COLLATE "C" NOT NULL,
  rev             BIGINT NOT NULL,
  detail          TEXT COLLATE "C" NOT NULL
);

CREATE TABLE epoch (
  hour         BIGINT NOT NULL PRIMARY KEY,
  state        BIGINT NOT NULL,
  created_at   BIGINT NOT NULL,
  destroyed_at BIGINT NOT NULL
);

-- Who may have noticed a message: until when each user was, or may have been, there.
CREATE TABLE presence (
  user_id    BYTEA NOT NULL PRIMARY KEY,
  seen_until BIGINT NOT NULL
);
CREATE TABLE live (
  user_id BYTEA NOT NULL,
  node_id BYTEA NOT NULL,
  PRIMARY KEY (user_id, node_id)
);
CREATE INDEX live_node ON live (node_id);
CREATE TABLE node (
  id          BYTEA NOT NULL PRIMARY KEY,
  lease_until BIGINT NOT NULL
);

-- +goose Down
SELECT 1;
