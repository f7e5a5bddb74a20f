//! Small documents kept by name.

use lanyard_engine::ports::{Document, DocumentKey, Store, StoreFailure, Write};
use serde_json::json;

use super::samples::put;

const HERE: &str = "scim:harborlight:users";

fn document(key: &str, version: i64, login: &str, team: &str) -> Document {
    let held = |kind: &str, value: &str, sole| DocumentKey { kind: kind.into(), value: value.into(), sole };
    Document {
        collection: HERE.into(),
        key: key.into(),
        version,
        keys: vec![held("login", login, true), held("team", team, false)],
        body: json!({ "login": login }),
    }
}

fn write(document: Document) -> Vec<Write> {
    vec![Write::Document(Box::new(document))]
}

fn gone(key: &str, version: i64) -> Vec<Write> {
    vec![Write::DocumentGone { collection: HERE.into(), key: key.into(), version }]
}

fn names(documents: &[Document]) -> Vec<&str> {
    documents.iter().map(|document| document.key.as_str()).collect()
}

async fn by(store: &dyn Store, kind: &str, value: &str) -> Vec<Document> {
    store.documents_by_key(HERE, kind, value).await.expect("a read")
}

pub(super) async fn a_document_is_found_by_name_by_key_and_in_order(store: &dyn Store) {
    for (key, login) in [("z", "ana"), ("m", "bo"), ("a", "cy")] {
        put(store, write(document(key, 0, login, "red"))).await;
    }
    put(store, write(document("m", 1, "bo", "blue"))).await;
    let (page, total) = store.document_page(HERE, 1, 5).await.unwrap();
    assert_eq!((names(&page), total), (vec!["m", "a"], 3), "a later write keeps the place");
    assert_eq!(page[0], document("m", 2, "bo", "blue"));
    assert_eq!(names(&by(store, "team", "red").await), ["z", "a"]);
    assert_eq!(names(&by(store, "team", "blue").await), ["m"]);
    let asked = ["a", "nobody", "z"].map(str::to_owned);
    assert_eq!(names(&store.documents(HERE, &asked).await.unwrap()), ["a", "z"]);
    assert_eq!(store.document_page("scim:other:users", 0, 5).await, Ok((Vec::new(), 0)));
    put(store, gone("z", 1)).await;
    assert_eq!(names(&by(store, "team", "red").await), ["a"]);
    put(store, write(document("y", 0, "ana", "red"))).await;
    assert_eq!(names(&by(store, "login", "ana").await), ["y"], "a forgotten document frees its keys");
}

pub(super) async fn a_sole_key_has_one_holder_and_a_stale_write_is_refused(store: &dyn Store) {
    put(store, write(document("a", 0, "ana", "red"))).await;
    let taken = StoreFailure::KeyTaken { collection: HERE.into(), kind: "login".into() };
    assert_eq!(store.write(write(document("b", 0, "ana", "red"))).await, Err(taken));
    assert_eq!(store.document_page(HERE, 0, 5).await.unwrap().1, 1, "nothing of the refused batch happened");
    let changed = StoreFailure::DocumentChanged { collection: HERE.into(), key: "a".into() };
    for stale in [write(document("a", 0, "ana", "red")), write(document("a", 2, "ana", "red")), gone("a", 7)]
    {
        assert_eq!(store.write(stale).await, Err(changed.clone()));
    }
    put(store, write(document("a", 1, "ana", "blue"))).await;
    assert_eq!(names(&by(store, "team", "blue").await), ["a"]);
}
