-- +goose Up
-- Every decision asks which epochs are open; there is a row for each hour ever.
CREATE INDEX epoch_open ON epoch (hour) WHERE state = 1;

-- +goose Down
SELECT 1;
