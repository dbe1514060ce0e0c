-- +goose Up
-- What is done when it is too late for a recall.

-- What people do not want to see any more: nobody else can tell.
ALTER TABLE message ADD COLUMN sender_hidden BIGINT NOT NULL DEFAULT 0;
ALTER TABLE delivery ADD COLUMN hidden BIGINT NOT NULL DEFAULT 0;
-- The answer to a request to disregard: when, and whether they say it was deleted.
ALTER TABLE delivery ADD COLUMN acknowledged_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE delivery ADD COLUMN deleted BIGINT NOT NULL DEFAULT 0;
-- When the user last hid a message of their own here: it goes on counting (R14).
ALTER TABLE inbox ADD COLUMN hid_at BIGINT NOT NULL DEFAULT 0;
CREATE INDEX inbox_hid ON inbox (user_id, hid_at) WHERE hid_at > 0;

-- Reports. The evidence has a key of its own (R23), which is deleted with it.
CREATE TABLE flag (
  conversation_id BYTEA NOT NULL,
  id              BYTEA NOT NULL,
  message_id      BYTEA NOT NULL,
  sender_id       BYTEA NOT NULL, -- of the message
  reporter_id     BYTEA NOT NULL,
  reason          TEXT COLLATE "C" NOT NULL,
  request_removal BIGINT NOT NULL,
  created_at      BIGINT NOT NULL,
  turn            BIGINT NOT NULL, -- in the queue: 0 before 1
  state           BIGINT NOT NULL,
  resolution      BIGINT NOT NULL,
  resolved_by     BYTEA NOT NULL,
  resolved_at     BIGINT NOT NULL,
  version         BIGINT NOT NULL,
  body            BYTEA NOT NULL, -- sealed
  ref             BIGINT NOT NULL,
  wrapped         BYTEA NOT NULL,
  PRIMARY KEY (conversation_id, id)
);
CREATE UNIQUE INDEX flag_id ON flag (id);
CREATE INDEX flag_message ON flag (conversation_id, message_id) WHERE state = 1;
CREATE INDEX flag_reporter ON flag (reporter_id, id);
CREATE INDEX flag_queue ON flag (state, turn, created_at, id);
CREATE INDEX flag_kept ON flag (resolved_at) WHERE state = 2 AND ref <> 0;

-- +goose Down
SELECT 1;
