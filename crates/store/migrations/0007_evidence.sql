-- What accounts held, from when to when; clocks of leavers who came back; signed checkpoints; cut-off journals.

-- One row per right and stretch of time. `to_at` is 9223372036854775807 while it is held. Written with the read that
-- showed it. kind: account, person, role, item, cost_center, seat, section, user_type, site_admin.
CREATE TABLE held (
    site       TEXT   NOT NULL,
    account_id BIGINT NOT NULL,
    kind       TEXT   NOT NULL,
    key        TEXT   NOT NULL,
    from_at    BIGINT NOT NULL,
    to_at      BIGINT NOT NULL,
    value      TEXT   NOT NULL,
    PRIMARY KEY (site, account_id, kind, key, from_at)
) WITHOUT ROWID;
-- Whose account it was: key is `tenant/user`.
CREATE INDEX held_by_person ON held (key, site, account_id, from_at, to_at) WHERE kind = 'person';

-- Hash of the rights as last noted in `held`; NULL: not noted yet.
ALTER TABLE accounts ADD COLUMN held BLOB;

-- Clocks that were dropped because the leaver returned.
CREATE TABLE leavers_returned (
    tenant      TEXT   NOT NULL,
    user_id     TEXT   NOT NULL,
    site        TEXT   NOT NULL,
    since       BIGINT NOT NULL,
    seen_at     BIGINT NOT NULL,
    verified_at BIGINT,
    returned_at BIGINT NOT NULL,
    PRIMARY KEY (tenant, user_id, site, returned_at)
);
CREATE INDEX leavers_returned_by_time ON leavers_returned (returned_at, tenant, user_id, site);

CREATE TABLE checkpoints (
    tenant TEXT   NOT NULL,
    size   BIGINT NOT NULL,
    at     BIGINT NOT NULL,
    note   TEXT   NOT NULL,
    PRIMARY KEY (tenant, at, size)
);

-- Lines before `position` were let go of; their leaves stay, so that the tree and all proofs hold.
CREATE TABLE journal_cuts (
    tenant   TEXT   NOT NULL PRIMARY KEY,
    position BIGINT NOT NULL,
    at       BIGINT NOT NULL
);
