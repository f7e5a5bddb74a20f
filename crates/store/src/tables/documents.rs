//! Small documents of our faces: kept whole, found by name, by key, or in the order in which they came.

use lanyard_engine::ports::{Document, StoreFailure};

use crate::{
    record,
    tx::{self, Answer, Row, Tx, rows_max, statements, with},
};

statements! {
    ADD = "INSERT INTO documents (collection, key, version, record) VALUES ($1, $2, $3, $4)
           ON CONFLICT (collection, key) DO NOTHING";
    CHANGE = "UPDATE documents SET version = $1, record = $2 WHERE collection = $3 AND key = $4 AND version = $5";
    FORGET = "DELETE FROM documents WHERE collection = $1 AND key = $2 AND version = $3";
    FORGET_KEYS = "DELETE FROM document_keys WHERE collection = $1 AND key = $2";
    HOLDER = "SELECT key FROM document_keys WHERE collection = $1 AND kind = $2 AND value = $3 AND sole = 1";
    HOLD = "INSERT INTO document_keys (collection, kind, value, key, sole) VALUES ($1, $2, $3, $4, $5)
            ON CONFLICT DO NOTHING";
    LOAD = "SELECT record, version FROM documents WHERE collection = $1 AND key = $2";
    HOLDERS = "SELECT key FROM document_keys WHERE collection = $1 AND kind = $2 AND value = $3";
    ORDER_OF = "SELECT seq FROM documents WHERE collection = $1 AND key = $2";
    PAGE = "SELECT record, version FROM documents WHERE collection = $1 ORDER BY seq LIMIT $2 OFFSET $3";
    COUNT = "SELECT COUNT(*) FROM documents WHERE collection = $1";
}

/// Keeps a document as its next version.
pub(crate) fn keep(tx: &dyn Tx, document: &Document) -> Answer<()> {
    let Document { collection, key, version, keys, .. } = document;
    let kept = record::write(document)?;
    let changed = match version {
        0 => tx.run(ADD, with![collection, key, 1, &kept])?,
        old => tx.run(CHANGE, with![old + 1, &kept, collection, key, *old])?,
    };
    if changed == 0 {
        return Err(StoreFailure::DocumentChanged { collection: collection.clone(), key: key.clone() });
    }
    tx.run(FORGET_KEYS, with![collection, key])?;
    for held in keys {
        if held.sole
            && tx::first(tx, HOLDER, with![collection, &held.kind, &held.value], |_| Ok(()))?.is_some()
        {
            return Err(StoreFailure::KeyTaken { collection: collection.clone(), kind: held.kind.clone() });
        }
        tx.run(HOLD, with![collection, &held.kind, &held.value, key, i64::from(held.sole)])?;
    }
    Ok(())
}

/// Forgets a document of this version, with its keys.
pub(crate) fn forget(tx: &dyn Tx, collection: &str, key: &str, version: i64) -> Answer<()> {
    if tx.run(FORGET, with![collection, key, version])? == 0 {
        return Err(StoreFailure::DocumentChanged { collection: collection.to_owned(), key: key.to_owned() });
    }
    tx.run(FORGET_KEYS, with![collection, key])?;
    Ok(())
}

pub(crate) fn load(tx: &dyn Tx, collection: &str, key: &str) -> Answer<Option<Document>> {
    tx::first(tx, LOAD, with![collection, key], read)
}

/// Oldest first.
pub(crate) fn by_key(tx: &dyn Tx, collection: &str, kind: &str, value: &str) -> Answer<Vec<Document>> {
    let holders = tx::all(tx, HOLDERS, with![collection, kind, value], |row| Ok(row.text(0)?.to_owned()))?;
    let mut found = Vec::with_capacity(holders.len());
    for key in &holders {
        let order = tx::first(tx, ORDER_OF, with![collection, key], |row| row.int(0))?;
        found.extend(order.zip(load(tx, collection, key)?));
    }
    found.sort_by_key(|(order, _)| *order);
    Ok(found.into_iter().map(|(_, document)| document).collect())
}

/// A part in the order of arrival, and the size of the whole.
pub(crate) fn page(tx: &dyn Tx, collection: &str, skip: usize, limit: usize) -> Answer<(Vec<Document>, u64)> {
    let rows = tx::all(tx, PAGE, with![collection, rows_max(limit), rows_max(skip)], read)?;
    Ok((rows, tx::count(tx, COUNT, with![collection])?))
}

fn read(row: &dyn Row) -> Answer<Document> {
    let document: Document = record::read("document", row.text(0)?)?;
    Ok(Document { version: row.int(1)?, ..document })
}
