-- Lists of what is over, the newest first: when a clearance was last decided on or ended. Of older ones only the request is known
-- to the column.
ALTER TABLE clearances ADD COLUMN changed_at BIGINT NOT NULL DEFAULT 0;
UPDATE clearances SET changed_at = asked_at;
CREATE INDEX clearances_over ON clearances (changed_at, id) WHERE state <> 'waiting';
