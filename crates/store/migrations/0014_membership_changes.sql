-- Who let somebody into a group or took them out of it, by the directory's log.
CREATE TABLE membership_changes (
    seq      INTEGER PRIMARY KEY,
    tenant   TEXT   NOT NULL,
    user_id  TEXT   NOT NULL,
    group_id TEXT   NOT NULL,
    uuid     TEXT   NOT NULL,
    joined   BIGINT NOT NULL,
    at       BIGINT NOT NULL,
    seen_at  BIGINT NOT NULL,
    by_id    TEXT   NOT NULL,
    by_name  TEXT   NOT NULL,
    by_kind  TEXT   NOT NULL
);
CREATE INDEX membership_changes_of ON membership_changes (tenant, user_id, seq);
CREATE INDEX membership_changes_by ON membership_changes (tenant, by_id);
CREATE INDEX membership_changes_since ON membership_changes (tenant, seq);
