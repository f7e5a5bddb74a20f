//! Searching people.

use lanyard_engine::ports::{Mirrored, Store, Write};

use super::samples::{at, person, put, tenant};

fn names(people: &[Mirrored]) -> Vec<String> {
    people.iter().map(|found| found.identity.display_name()).collect()
}

pub(super) async fn words_find_people_page_by_page(store: &dyn Store) {
    let people = [("u1", "Ana Silva"), ("u2", "Ánna Sorensen"), ("u3", "Bo Anand"), ("u4", "Sian O'Anders")];
    let mirror = |(user, name): (&str, &str)| Write::Identity {
        identity: Box::new(person(user, name, &[])),
        keys: Vec::new(),
        at: at(0),
    };
    put(store, people.map(mirror).to_vec()).await;

    let cases: &[(&str, &[&str])] = &[
        ("an", &["Ana Silva", "Ánna Sorensen", "Bo Anand", "Sian O'Anders"]),
        ("AN s", &["Ana Silva", "Ánna Sorensen", "Sian O'Anders"]),
        ("anna", &["Ánna Sorensen"]),
        ("ana silva", &["Ana Silva"]),
        ("u3@harbor", &["Bo Anand"]),
        ("", &["Ana Silva", "Ánna Sorensen", "Bo Anand", "Sian O'Anders"]),
        ("ilva", &[]),
    ];
    for (text, expected) in cases {
        let (found, next, total) = store.search_people(None, text, None, 9).await.unwrap();
        assert_eq!(
            (names(&found), next, total),
            (expected.iter().map(|n| (*n).to_owned()).collect(), None, expected.len() as u64),
            "{text}"
        );
    }
    for text in ["an", ""] {
        let (first, next, total) = store.search_people(Some(&tenant()), text, None, 3).await.unwrap();
        assert_eq!((first.len(), total), (3, 4));
        let cursor = next.expect("there is more");
        let (rest, end, total) = store.search_people(Some(&tenant()), text, Some(&cursor), 3).await.unwrap();
        assert_eq!((names(&rest), end, total), (vec!["Sian O'Anders".to_owned()], None, 4));
        let (none, _, total) = store.search_people(Some(&"other".into()), text, None, 3).await.unwrap();
        assert_eq!((none.len(), total), (0, 0));
    }
    put(store, vec![mirror(("u1", "Zora Silva"))]).await;
    assert_eq!(store.search_people(None, "ana", None, 9).await.unwrap().2, 1, "old words are forgotten");
    let (renamed, ..) = store.search_people(None, "s", None, 9).await.unwrap();
    assert_eq!(names(&renamed), ["Ánna Sorensen", "Sian O'Anders", "Zora Silva"]);
}
