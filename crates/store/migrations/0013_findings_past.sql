-- What a finding said that was over and was seen again: its row tells of the new stretch, and this one of those before it.
CREATE TABLE findings_past (
    key     TEXT   NOT NULL,
    since   BIGINT NOT NULL,
    over_at BIGINT NOT NULL,
    record  TEXT   NOT NULL,
    PRIMARY KEY (key, since, over_at)
);
