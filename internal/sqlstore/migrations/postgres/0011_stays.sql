-- +goose Up
-- When somebody came in first, and when they left before they came back: whoever left
-- meanwhile goes on seeing them as they were.
ALTER TABLE participant ADD COLUMN first_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE participant ADD COLUMN stayed_until BIGINT NOT NULL DEFAULT 0;
UPDATE participant SET first_at = joined_at;

-- +goose Down
SELECT 1;
