-- +goose Up
-- By message first: new messages have neighbouring ids, so that what is new lies
-- together, and the jobs of a message need no index of their own.
CREATE TABLE job (
  message_id      BLOB NOT NULL,
  user_id         BLOB NOT NULL,
  conversation_id BLOB NOT NULL,
  due             INTEGER NOT NULL,
  PRIMARY KEY (message_id, user_id)
) STRICT, WITHOUT ROWID;
INSERT INTO job (message_id, user_id, conversation_id, due) SELECT message_id, user_id, conversation_id, due FROM index_job;
DROP TABLE index_job;
ALTER TABLE job RENAME TO index_job;
CREATE INDEX index_job_due ON index_job (due);

-- +goose Down
SELECT 1;
