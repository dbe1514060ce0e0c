-- +goose Up
-- What is to be indexed for a viewer, not before due.
CREATE TABLE index_job (
  user_id         BLOB NOT NULL,
  message_id      BLOB NOT NULL,
  conversation_id BLOB NOT NULL,
  due             INTEGER NOT NULL,
  PRIMARY KEY (user_id, message_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX index_job_due ON index_job (due);
CREATE INDEX index_job_message ON index_job (message_id);

-- One row for a viewer and a message that the viewer can search. place is sent_at,
-- shifted left by 11 bits, and a number among those of the same time: the index of
-- words has the same, so that its order is the order of the answer.
CREATE TABLE search_entry (
  user_id         BLOB NOT NULL,
  message_id      BLOB NOT NULL,
  conversation_id BLOB NOT NULL,
  place           INTEGER NOT NULL PRIMARY KEY
) STRICT;
CREATE UNIQUE INDEX search_entry_user ON search_entry (user_id, message_id);
CREATE INDEX search_entry_message ON search_entry (message_id);

-- The words, without the text, folded before they come here.
CREATE VIRTUAL TABLE search_words USING fts5 (words, content = '', contentless_delete = 1, tokenize = 'ascii', detail = 'full');
INSERT INTO search_words (search_words, rank) VALUES ('secure-delete', 1);

-- What is settled already. The job looks again whether it may be indexed.
INSERT INTO index_job (user_id, message_id, conversation_id, due)
SELECT user_id, message_id, conversation_id, 0 FROM delivery WHERE state = 2 AND visible = 1;
INSERT INTO index_job (user_id, message_id, conversation_id, due)
SELECT sender_id, id, conversation_id, 0 FROM message WHERE ref < 0 AND state = 3;

-- +goose Down
SELECT 1;
