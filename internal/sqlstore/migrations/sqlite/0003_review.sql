-- +goose Up
-- What is done when it is too late for a recall.

-- What people do not want to see any more: nobody else can tell.
ALTER TABLE message ADD COLUMN sender_hidden INTEGER NOT NULL DEFAULT 0;
ALTER TABLE delivery ADD COLUMN hidden INTEGER NOT NULL DEFAULT 0;
-- The answer to a request to disregard: when, and whether they say it was deleted.
ALTER TABLE delivery ADD COLUMN acknowledged_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE delivery ADD COLUMN deleted INTEGER NOT NULL DEFAULT 0;
-- When the user last hid a message of their own here: it goes on counting (R14).
ALTER TABLE inbox ADD COLUMN hid_at INTEGER NOT NULL DEFAULT 0;
CREATE INDEX inbox_hid ON inbox (user_id, hid_at) WHERE hid_at > 0;

-- Reports. The evidence has a key of its own (R23), which is deleted with it.
CREATE TABLE flag (
  conversation_id BLOB NOT NULL,
  id              BLOB NOT NULL,
  message_id      BLOB NOT NULL,
  sender_id       BLOB NOT NULL, -- of the message
  reporter_id     BLOB NOT NULL,
  reason          TEXT NOT NULL,
  request_removal INTEGER NOT NULL,
  created_at      INTEGER NOT NULL,
  turn            INTEGER NOT NULL, -- in the queue: 0 before 1
  state           INTEGER NOT NULL,
  resolution      INTEGER NOT NULL,
  resolved_by     BLOB NOT NULL,
  resolved_at     INTEGER NOT NULL,
  version         INTEGER NOT NULL,
  body            BLOB NOT NULL, -- sealed
  ref             INTEGER NOT NULL,
  wrapped         BLOB NOT NULL,
  PRIMARY KEY (conversation_id, id)
) STRICT;
CREATE UNIQUE INDEX flag_id ON flag (id);
CREATE INDEX flag_message ON flag (conversation_id, message_id) WHERE state = 1;
CREATE INDEX flag_reporter ON flag (reporter_id, id);
CREATE INDEX flag_queue ON flag (state, turn, created_at, id);
CREATE INDEX flag_kept ON flag (resolved_at) WHERE state = 2 AND ref <> 0;

-- +goose Down
SELECT 1;
