-- Wide rows go to the end of their table; only a narrow index has its keys in no order. Before, each row of these two changed a page
-- of its own in the middle of the file, and a record of what was shown began a page that it did not fill: a third of the file
-- was air, and a full store answered a third slower than an empty one.

CREATE TABLE signals_in_order (
    seq          INTEGER PRIMARY KEY,
    tenant       TEXT   NOT NULL,
    uuid         TEXT   NOT NULL,
    kind         TEXT   NOT NULL,
    record       TEXT   NOT NULL,
    seen_at      BIGINT NOT NULL,
    seen_hook_at BIGINT,
    seen_feed_at BIGINT
);
INSERT INTO signals_in_order (tenant, uuid, kind, record, seen_at, seen_hook_at, seen_feed_at)
    SELECT tenant, uuid, kind, record, seen_at, seen_hook_at, seen_feed_at FROM signals ORDER BY seen_at;
DROP TABLE signals;
ALTER TABLE signals_in_order RENAME TO signals;
CREATE UNIQUE INDEX signals_by_uuid ON signals (tenant, uuid);

CREATE TABLE past_in_order (
    seq      INTEGER PRIMARY KEY,
    kind     TEXT   NOT NULL,
    scope    TEXT   NOT NULL,
    subject  TEXT   NOT NULL,
    until_at BIGINT NOT NULL,
    from_at  BIGINT NOT NULL,
    record   TEXT   NOT NULL
);
INSERT INTO past_in_order (kind, scope, subject, until_at, from_at, record)
    SELECT kind, scope, subject, until_at, from_at, record FROM past ORDER BY until_at;
DROP TABLE past;
ALTER TABLE past_in_order RENAME TO past;
CREATE UNIQUE INDEX past_of ON past (kind, scope, subject, until_at);
CREATE INDEX past_by_time ON past (kind, scope, until_at, from_at);
