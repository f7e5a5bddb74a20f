-- What people and accounts are found by: keys, words, names. Entries come in no order at all, and each changed a page of its own in
-- one of four tables and two indexes: the more people there were, the dearer was each that came. They go to a run that fits the
-- cache; from there many at once, in order, to a larger one. Decision 17.

-- `what` is key, word, `name TENANT` or `account SITE`; `number` is the person's, or the account's id. `kinds` of a key: a JSON list.
CREATE TABLE found_young (
    what   TEXT   NOT NULL,
    text   TEXT   NOT NULL,
    number BIGINT NOT NULL,
    kinds  TEXT   NOT NULL,
    PRIMARY KEY (what, text, number)
) WITHOUT ROWID;
CREATE TABLE found_grown (
    what   TEXT   NOT NULL,
    text   TEXT   NOT NULL,
    number BIGINT NOT NULL,
    kinds  TEXT   NOT NULL,
    PRIMARY KEY (what, text, number)
) WITHOUT ROWID;
CREATE TABLE found_old (
    what   TEXT   NOT NULL,
    text   TEXT   NOT NULL,
    number BIGINT NOT NULL,
    kinds  TEXT   NOT NULL,
    PRIMARY KEY (what, text, number)
) WITHOUT ROWID;

-- A number that a copy of the file keeps, and that is shorter than a tenant and an id.
CREATE TABLE identities_numbered (
    number     INTEGER PRIMARY KEY,
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
    UNIQUE (tenant, user_id)
);
INSERT INTO identities_numbered (tenant, user_id, name, record, content, groups, keys, words, since, gone_at, gone_proof)
    SELECT tenant, user_id, name, record, content, groups, keys, words, since, gone_at, gone_proof
    FROM identities ORDER BY tenant, user_id;

INSERT INTO found_old (what, text, number, kinds)
    SELECT 'account ' || site, value, account_id, json_group_array(kind)
    FROM (SELECT site, value, account_id, kind FROM account_keys ORDER BY site, value, account_id, kind)
    GROUP BY site, value, account_id;
INSERT INTO found_old (what, text, number, kinds)
    SELECT 'key', value, number, json_group_array(kind)
    FROM (SELECT value, number, kind FROM identity_keys JOIN identities_numbered USING (tenant, user_id)
          ORDER BY value, number, kind)
    GROUP BY value, number;
INSERT INTO found_old (what, text, number, kinds)
    SELECT 'name ' || tenant, name, number, '' FROM identities_numbered ORDER BY tenant, name, number;
INSERT INTO found_old (what, text, number, kinds)
    SELECT 'word', word, number, '' FROM identity_words JOIN identities_numbered USING (tenant, user_id)
    ORDER BY word, number;

DROP TABLE account_keys;
DROP TABLE identity_keys;
DROP TABLE identity_words;
DROP TABLE identities;
ALTER TABLE identities_numbered RENAME TO identities;
