-- +goose Up
-- Text that is shown of what was not opened: who allows it, and when it was shown.
ALTER TABLE users ADD COLUMN previews BIGINT NOT NULL DEFAULT 0;
ALTER TABLE users ADD COLUMN hide_mine BIGINT NOT NULL DEFAULT 0;
ALTER TABLE message ADD COLUMN previews BIGINT NOT NULL DEFAULT 0;
ALTER TABLE delivery ADD COLUMN previewed_at BIGINT NOT NULL DEFAULT 0;

-- +goose Down
SELECT 1;
