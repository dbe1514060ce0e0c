-- +goose Up
-- Text that is shown of what was not opened: who allows it, and when it was shown.
ALTER TABLE users ADD COLUMN previews INTEGER NOT NULL DEFAULT 0;
ALTER TABLE users ADD COLUMN hide_mine INTEGER NOT NULL DEFAULT 0;
ALTER TABLE message ADD COLUMN previews INTEGER NOT NULL DEFAULT 0;
ALTER TABLE delivery ADD COLUMN previewed_at INTEGER NOT NULL DEFAULT 0;

-- +goose Down
SELECT 1;
