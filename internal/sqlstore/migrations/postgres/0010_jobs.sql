-- +goose Up
-- By message first: new messages have neighbouring ids, so that what is new lies
-- together, and the jobs of a message need no index of their own.
ALTER TABLE index_job DROP CONSTRAINT index_job_pkey;
ALTER TABLE index_job ADD PRIMARY KEY (message_id, user_id);
DROP INDEX index_job_message;

-- +goose Down
SELECT 1;
