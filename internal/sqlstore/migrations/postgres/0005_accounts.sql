-- +goose Up
-- Erased accounts have no address, and so may those have that nobody has claimed yet.
ALTER TABLE users ADD COLUMN erased_at BIGINT NOT NULL DEFAULT 0;
DROP INDEX users_email;
CREATE UNIQUE INDEX users_email ON users (email_key) WHERE email_key <> '';

-- What a token is good for: names with commas between them, or * for everything.
ALTER TABLE session ADD COLUMN scopes TEXT COLLATE "C" NOT NULL DEFAULT '*';

-- What was tried lately, by a MAC of what is counted: an address, an account, both.
CREATE TABLE attempt (
  key_mac BYTEA NOT NULL,
  at      BIGINT NOT NULL,
  id      BYTEA NOT NULL,
  PRIMARY KEY (key_mac, at, id)
);
CREATE INDEX attempt_at ON attempt (at);

-- Invitation links that can still be used; one that was used is deleted.
CREATE TABLE invite (
  id         BYTEA NOT NULL PRIMARY KEY,
  hash       BYTEA NOT NULL,
  email      TEXT COLLATE "C" NOT NULL,
  name       TEXT COLLATE "C" NOT NULL,
  roles      TEXT COLLATE "C" NOT NULL,
  account_id BYTEA NOT NULL,
  created_by BYTEA NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX invite_hash ON invite (hash);
CREATE INDEX invite_account ON invite (account_id);
CREATE INDEX invite_expires ON invite (expires_at);

-- Erased accounts whose conversations are not all left yet.
CREATE TABLE erasure (
  user_id BYTEA NOT NULL PRIMARY KEY,
  at      BIGINT NOT NULL
);

-- +goose Down
SELECT 1;
