-- Small documents of our faces, by collection and name. `seq` gives lists an order that later writes do not change.

CREATE TABLE documents (
    seq        INTEGER PRIMARY KEY,
    collection TEXT   NOT NULL,
    key        TEXT   NOT NULL,
    version    BIGINT NOT NULL,
    record     TEXT   NOT NULL
);
CREATE UNIQUE INDEX documents_by_key ON documents (collection, key);
CREATE INDEX documents_in_order ON documents (collection, seq);

CREATE TABLE document_keys (
    collection TEXT   NOT NULL,
    kind       TEXT   NOT NULL,
    value      TEXT   NOT NULL,
    key        TEXT   NOT NULL,
    sole       BIGINT NOT NULL,
    PRIMARY KEY (collection, kind, value, key)
) WITHOUT ROWID;
CREATE INDEX document_keys_of ON document_keys (collection, key);
CREATE UNIQUE INDEX document_keys_sole ON document_keys (collection, kind, value) WHERE sole = 1;
