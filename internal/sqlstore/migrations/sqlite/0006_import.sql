-- +goose Up
-- What came from an archive of another network.
ALTER TABLE message ADD COLUMN imported INTEGER NOT NULL DEFAULT 0;
-- Somebody whom an archive names and who has no account yet.
ALTER TABLE users ADD COLUMN profile INTEGER NOT NULL DEFAULT 0;
-- By what imports know a person again; empty: no import named them.
ALTER TABLE users ADD COLUMN source TEXT NOT NULL DEFAULT '';
CREATE UNIQUE INDEX users_source ON users (source) WHERE source <> '';

-- +goose Down
SELECT 1;
