-- +goose Up
-- Who may write to whom (R31).
ALTER TABLE users ADD COLUMN reach TEXT COLLATE "C" NOT NULL DEFAULT 'connections';
ALTER TABLE users ADD COLUMN disabled_at BIGINT NOT NULL DEFAULT 0;

-- What somebody decided about being written to here: nothing, asked, accepted or declined.
ALTER TABLE participant ADD COLUMN consent BIGINT NOT NULL DEFAULT 0;
-- The message came as a request.
ALTER TABLE delivery ADD COLUMN request BIGINT NOT NULL DEFAULT 0;
-- Everything that somebody has of a conversation came as a request; or they declined it.
ALTER TABLE inbox ADD COLUMN request BIGINT NOT NULL DEFAULT 0;
ALTER TABLE inbox ADD COLUMN muted BIGINT NOT NULL DEFAULT 0;

-- Closed to their recipients, so that leaving finds them; and requests, which few are.
CREATE INDEX delivery_closed ON delivery (conversation_id, user_id) WHERE state = 1 AND visible = 2;
CREATE INDEX inbox_request ON inbox (user_id, last_activity_at, conversation_id) WHERE request = 1;
-- When the title was last changed: who left before does not see what it is now.
ALTER TABLE conversation ADD COLUMN titled_at BIGINT NOT NULL DEFAULT 0;

-- Two rows for a connection, one from each side.
CREATE TABLE connection (
  user_id  BYTEA NOT NULL,
  other_id BYTEA NOT NULL,
  since    BIGINT NOT NULL,
  PRIMARY KEY (user_id, other_id)
);

-- user_id does not want to hear from other_id.
CREATE TABLE block (
  user_id    BYTEA NOT NULL,
  other_id   BYTEA NOT NULL,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (user_id, other_id)
);

-- One side of an invitation: the sender's and the receiver's are rows of their own, so
-- that what the receiver does with theirs cannot show in the sender's (R31).
CREATE TABLE invitation (
  user_id    BYTEA NOT NULL,
  id         BYTEA NOT NULL,
  other_id   BYTEA NOT NULL,
  sent       BIGINT NOT NULL, -- 1: user_id invited other_id
  note       TEXT COLLATE "C" NOT NULL,
  state      BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  decided_at BIGINT NOT NULL,
  PRIMARY KEY (user_id, id)
);
CREATE INDEX invitation_other ON invitation (user_id, other_id);
CREATE INDEX connection_since ON connection (user_id, since, other_id);

-- By what people are ordered, and the words by which they are found; empty until the
-- server has filled them in.
ALTER TABLE users ADD COLUMN sort_key TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE users ADD COLUMN find_key TEXT COLLATE "C" NOT NULL DEFAULT '';
CREATE INDEX users_sort ON users (sort_key, id);

-- +goose Down
SELECT 1;
