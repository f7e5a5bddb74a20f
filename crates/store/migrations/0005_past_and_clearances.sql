-- What the mirrors showed before: one row for each content that ended, from when until when it was shown. What they
-- show now stands in the mirrors themselves. `kind` is identity (scope: tenant, subject: user).
CREATE TABLE past (
    kind     TEXT   NOT NULL,
    scope    TEXT   NOT NULL,
    subject  TEXT   NOT NULL,
    until_at BIGINT NOT NULL,
    from_at  BIGINT NOT NULL,
    record   TEXT   NOT NULL,
    PRIMARY KEY (kind, scope, subject, until_at)
) WITHOUT ROWID;
CREATE INDEX past_by_time ON past (kind, scope, until_at, from_at);

-- What stands between a plan's lines and the site: holds, approvals, decisions on a reached limit, what was undone.
-- state: waiting, granted, declined, expired, cancelled.
CREATE TABLE clearances (
    id       TEXT   NOT NULL PRIMARY KEY,
    kind     TEXT   NOT NULL,
    tenant   TEXT   NOT NULL,
    user_id  TEXT   NOT NULL,
    site     TEXT   NOT NULL,
    state    TEXT   NOT NULL,
    asked_at BIGINT NOT NULL,
    version  BIGINT NOT NULL,
    record   TEXT   NOT NULL
);
CREATE INDEX clearances_of ON clearances (tenant, user_id, site, asked_at, id);
CREATE INDEX clearances_by_state ON clearances (state, asked_at, id);

-- Which operation was sent under which clearance. Spent is a line whose operation was accepted.
CREATE TABLE clearance_uses (
    clearance TEXT NOT NULL,
    line      TEXT NOT NULL,
    intent    TEXT NOT NULL,
    PRIMARY KEY (clearance, line, intent)
) WITHOUT ROWID;

CREATE INDEX intents_by_time ON intents (at, id);
