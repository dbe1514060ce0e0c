-- +goose Up
-- Erased accounts have no address, and so may those have that nobody has claimed yet.
ALTER TABLE users ADD COLUMN erased_at INTEGER NOT NULL DEFAULT 0;
DROP INDEX users_email;
CREATE UNIQUE INDEX users_email ON users (email_key) WHERE email_key <> '';

-- What a token is good for: names with commas between them, or * for everything.
ALTER TABLE session ADD COLUMN scopes TEXT NOT NULL DEFAULT '*';

-- What was tried lately, by a MAC of what is counted: an address, an account, both.
CREATE TABLE attempt (
  key_mac BLOB NOT NULL,
  at      INTEGER NOT NULL,
  id      BLOB NOT NULL,
  PRIMARY KEY (key_mac, at, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX attempt_at ON attempt (at);

-- Invitation links that can still be used; one that was used is deleted.
CREATE TABLE invite (
  id         BLOB NOT NULL PRIMARY KEY,
  hash       BLOB NOT NULL,
  email      TEXT NOT NULL,
  name       TEXT NOT NULL,
  roles      TEXT NOT NULL,
  account_id BLOB NOT NULL,
  created_by BLOB NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX invite_hash ON invite (hash);
CREATE INDEX invite_account ON invite (account_id);
CREATE INDEX invite_expires ON invite (expires_at);

-- Erased accounts whose conversations are not all left yet.
CREATE TABLE erasure (
  user_id BLOB NOT NULL PRIMARY KEY,
  at      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- +goose Down
SELECT 1;
