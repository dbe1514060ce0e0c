-- +goose Up
-- What is to be indexed for a viewer, not before due.
CREATE TABLE index_job (
  user_id         BYTEA NOT NULL,
  message_id      BYTEA NOT NULL,
  conversation_id BYTEA NOT NULL,
  due             BIGINT NOT NULL,
  PRIMARY KEY (user_id, message_id)
);
CREATE INDEX index_job_due ON index_job (due);
CREATE INDEX index_job_message ON index_job (message_id);

-- One row for a viewer and a message that the viewer can search. place is sent_at,
-- and words what it was folded to.
CREATE TABLE search_entry (
  user_id         BYTEA NOT NULL,
  message_id      BYTEA NOT NULL,
  conversation_id BYTEA NOT NULL,
  place           BIGINT NOT NULL,
  words           TSVECTOR NOT NULL,
  PRIMARY KEY (user_id, message_id)
);
CREATE INDEX search_entry_place ON search_entry (user_id, place, message_id);
CREATE INDEX search_entry_message ON search_entry (message_id);
-- Without a list of what is pending: reading one would take time that tells of others.
CREATE INDEX search_entry_words ON search_entry USING gin (words) WITH (fastupdate = off);

-- What is settled already. The job looks again whether it may be indexed.
INSERT INTO index_job (user_id, message_id, conversation_id, due)
SELECT user_id, message_id, conversation_id, 0 FROM delivery WHERE state = 2 AND visible = 1;
INSERT INTO index_job (user_id, message_id, conversation_id, due)
SELECT sender_id, id, conversation_id, 0 FROM message WHERE ref < 0 AND state = 3;

-- +goose Down
SELECT 1;
