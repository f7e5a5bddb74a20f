-- Mirrors, links, queue, plans, intents, journal. Times are microseconds since 1970, records are versioned JSON.

CREATE TABLE identities (
    tenant     TEXT   NOT NULL,
    user_id    TEXT   NOT NULL,
    name       TEXT   NOT NULL,
    record     TEXT   NOT NULL,
    content    BLOB   NOT NULL,
    groups     TEXT   NOT NULL,
    keys       TEXT   NOT NULL,
    words      TEXT   NOT NULL,
    since      BIGINT NOT NULL,
    gone_at    BIGINT,
    gone_proof TEXT,
    PRIMARY KEY (tenant, user_id)
);
CREATE INDEX identities_by_name ON identities (name, tenant, user_id);
CREATE INDEX identities_of_tenant ON identities (tenant, name, user_id);

CREATE TABLE identity_keys (
    kind    TEXT NOT NULL,
    value   TEXT NOT NULL,
    tenant  TEXT NOT NULL,
    user_id TEXT NOT NULL,
    PRIMARY KEY (kind, value, tenant, user_id)
) WITHOUT ROWID;

CREATE TABLE identity_words (
    word    TEXT NOT NULL,
    tenant  TEXT NOT NULL,
    user_id TEXT NOT NULL,
    name    TEXT NOT NULL,
    PRIMARY KEY (word, tenant, user_id)
) WITHOUT ROWID;

CREATE TABLE memberships (
    tenant   TEXT NOT NULL,
    group_id TEXT NOT NULL,
    user_id  TEXT NOT NULL,
    PRIMARY KEY (tenant, group_id, user_id)
) WITHOUT ROWID;

CREATE TABLE directory_groups (
    tenant   TEXT NOT NULL,
    group_id TEXT NOT NULL,
    record   TEXT NOT NULL,
    PRIMARY KEY (tenant, group_id)
) WITHOUT ROWID;

CREATE TABLE accounts (
    site       TEXT   NOT NULL,
    account_id BIGINT NOT NULL,
    record     TEXT   NOT NULL,
    keys       TEXT   NOT NULL,
    gone_at    BIGINT,
    PRIMARY KEY (site, account_id)
);

CREATE TABLE account_keys (
    site       TEXT   NOT NULL,
    kind       TEXT   NOT NULL,
    value      TEXT   NOT NULL,
    account_id BIGINT NOT NULL,
    PRIMARY KEY (site, kind, value, account_id)
) WITHOUT ROWID;

CREATE TABLE links (
    tenant     TEXT   NOT NULL,
    user_id    TEXT   NOT NULL,
    site       TEXT   NOT NULL,
    account_id BIGINT NOT NULL,
    record     TEXT   NOT NULL,
    PRIMARY KEY (tenant, user_id, site)
);
CREATE INDEX links_by_account ON links (site, account_id, tenant, user_id);

CREATE TABLE applied (
    tenant  TEXT NOT NULL,
    user_id TEXT NOT NULL,
    site    TEXT NOT NULL,
    record  TEXT NOT NULL,
    PRIMARY KEY (tenant, user_id, site)
);
CREATE INDEX applied_by_site ON applied (site, tenant, user_id);

CREATE TABLE visits (
    tenant  TEXT NOT NULL,
    user_id TEXT NOT NULL,
    site    TEXT NOT NULL,
    key     TEXT NOT NULL,
    record  TEXT NOT NULL,
    PRIMARY KEY (tenant, user_id, site, key)
);

CREATE TABLE leavers (
    tenant      TEXT   NOT NULL,
    user_id     TEXT   NOT NULL,
    site        TEXT   NOT NULL,
    since       BIGINT NOT NULL,
    seen_at     BIGINT NOT NULL,
    verified_at BIGINT,
    PRIMARY KEY (tenant, user_id, site)
);
CREATE INDEX leavers_by_time ON leavers (since, tenant, user_id, site);
CREATE INDEX leavers_open ON leavers (since, tenant, user_id, site) WHERE verified_at IS NULL;

-- One row per identity that ever deserved a look. state: 0 waits or is due, 1 leased, 2 dead.
-- What was raised while the row was leased stands in the next_ columns until the lease ends.
CREATE TABLE work (
    tenant          TEXT   NOT NULL,
    user_id         TEXT   NOT NULL,
    state           BIGINT NOT NULL,
    lane            BIGINT NOT NULL,
    due             BIGINT,
    generation      BIGINT NOT NULL,
    done_generation BIGINT NOT NULL,
    attempts        BIGINT NOT NULL,
    raised_at       BIGINT NOT NULL,
    source          TEXT   NOT NULL,
    why             TEXT   NOT NULL,
    fence           BIGINT NOT NULL,
    owner           TEXT,
    lease_until     BIGINT,
    next_due        BIGINT,
    next_lane       BIGINT,
    next_raised_at  BIGINT,
    next_source     TEXT,
    next_why        TEXT,
    error           TEXT,
    fix             TEXT,
    PRIMARY KEY (tenant, user_id)
);
CREATE INDEX work_due ON work (lane, due, tenant, user_id) WHERE state = 0 AND due IS NOT NULL;
CREATE INDEX work_leased ON work (lease_until, tenant, user_id) WHERE state = 1;
CREATE INDEX work_dead ON work (tenant, user_id) WHERE state = 2;

CREATE TABLE signals (
    tenant       TEXT   NOT NULL,
    uuid         TEXT   NOT NULL,
    kind         TEXT   NOT NULL,
    record       TEXT   NOT NULL,
    seen_at      BIGINT NOT NULL,
    seen_hook_at BIGINT,
    seen_feed_at BIGINT,
    PRIMARY KEY (tenant, uuid)
) WITHOUT ROWID;

CREATE TABLE deliveries (
    tenant   TEXT   NOT NULL,
    delivery TEXT   NOT NULL,
    at       BIGINT NOT NULL,
    times    BIGINT NOT NULL,
    PRIMARY KEY (tenant, delivery)
) WITHOUT ROWID;

CREATE TABLE ledgers (
    tenant       TEXT   NOT NULL PRIMARY KEY,
    both_ways    BIGINT NOT NULL,
    hook_only    BIGINT NOT NULL,
    feed_only    BIGINT NOT NULL,
    last_hook_at BIGINT,
    last_feed_at BIGINT
);

CREATE TABLE deletions (
    tenant  TEXT   NOT NULL,
    user_id TEXT   NOT NULL,
    uuid    TEXT   NOT NULL,
    at      BIGINT NOT NULL,
    PRIMARY KEY (tenant, user_id)
);

CREATE TABLE feed_cursors (
    tenant TEXT NOT NULL PRIMARY KEY,
    record TEXT NOT NULL
);

CREATE TABLE plans (
    id            TEXT   NOT NULL PRIMARY KEY,
    tenant        TEXT   NOT NULL,
    user_id       TEXT   NOT NULL,
    site          TEXT   NOT NULL,
    made_at       BIGINT NOT NULL,
    record        TEXT   NOT NULL,
    verified_at   BIGINT,
    verified_open TEXT
);
CREATE INDEX plans_by_time ON plans (made_at, id);
CREATE INDEX plans_by_identity ON plans (tenant, user_id, made_at, id);

CREATE TABLE intents (
    id         TEXT   NOT NULL PRIMARY KEY,
    plan       TEXT   NOT NULL,
    step       BIGINT NOT NULL,
    tenant     TEXT   NOT NULL,
    user_id    TEXT   NOT NULL,
    site       TEXT   NOT NULL,
    at         BIGINT NOT NULL,
    record     TEXT   NOT NULL,
    outcome    TEXT,
    outcome_at BIGINT,
    success    BIGINT
);
CREATE INDEX intents_by_plan ON intents (plan, step, at, id);
CREATE INDEX intents_open ON intents (tenant, user_id, at, id) WHERE outcome IS NULL;
CREATE INDEX intents_ended ON intents (outcome_at, success) WHERE outcome_at IS NOT NULL;

CREATE TABLE charges (
    scope  TEXT   NOT NULL,
    at     BIGINT NOT NULL,
    unit   TEXT   NOT NULL,
    intent TEXT   NOT NULL,
    PRIMARY KEY (scope, at, unit, intent)
) WITHOUT ROWID;
CREATE INDEX charges_by_unit ON charges (scope, unit, at);

CREATE TABLE findings (
    key      TEXT   NOT NULL PRIMARY KEY,
    severity BIGINT NOT NULL,
    since    BIGINT NOT NULL,
    record   TEXT   NOT NULL,
    over_at  BIGINT
);
CREATE INDEX findings_open ON findings (severity, since, key) WHERE over_at IS NULL;

CREATE TABLE messages (
    id        TEXT   NOT NULL PRIMARY KEY,
    record    TEXT   NOT NULL,
    attempts  BIGINT NOT NULL,
    due       BIGINT,
    sent_at   BIGINT,
    tried_at  BIGINT,
    error     TEXT
);
CREATE INDEX messages_due ON messages (due, id) WHERE due IS NOT NULL;

CREATE TABLE certificates (
    scope     TEXT NOT NULL,
    kind      TEXT NOT NULL,
    record    TEXT NOT NULL,
    held_rows BIGINT,
    PRIMARY KEY (scope, kind)
);

CREATE TABLE sweeps (
    id         TEXT   NOT NULL PRIMARY KEY,
    scope      TEXT   NOT NULL,
    started_at BIGINT NOT NULL,
    record     TEXT   NOT NULL
);
CREATE INDEX sweeps_by_time ON sweeps (started_at, id);
CREATE INDEX sweeps_by_scope ON sweeps (scope, started_at, id);

CREATE TABLE counters (
    name  TEXT   NOT NULL PRIMARY KEY,
    value BIGINT NOT NULL
);

CREATE TABLE meta (
    key   TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);

-- `line` is exactly the hashed text. `head` stands on the last line of each batch: the root with this line in it.
CREATE TABLE journal (
    seq         INTEGER PRIMARY KEY,
    tenant      TEXT   NOT NULL,
    position    BIGINT NOT NULL,
    who_tenant  TEXT,
    who_user    TEXT,
    line        TEXT   NOT NULL,
    leaf        BLOB   NOT NULL,
    head        BLOB
);
CREATE UNIQUE INDEX journal_by_position ON journal (tenant, position);
CREATE INDEX journal_by_tenant ON journal (tenant, seq);
CREATE INDEX journal_by_identity ON journal (who_tenant, who_user, seq) WHERE who_user IS NOT NULL;

-- Personal text of a line. Both columns NULL: erased.
CREATE TABLE journal_persons (
    seq    INTEGER PRIMARY KEY,
    salt   BLOB,
    person TEXT
);

-- The compact range of each tenant's tree: complete subtree hashes, largest first.
CREATE TABLE journal_trees (
    tenant   TEXT   NOT NULL PRIMARY KEY,
    size     BIGINT NOT NULL,
    frontier BLOB   NOT NULL
);
