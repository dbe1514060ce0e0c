-- +goose Up
-- Whether a page opens what arrives while somebody is in the conversation.
ALTER TABLE users ADD COLUMN open_on_arrival BIGINT NOT NULL DEFAULT 1;

-- What somebody has written that is not delivered yet, for counting it.
CREATE INDEX message_waiting ON message (sender_id) WHERE state < 3;

-- +goose Down
SELECT 1;
