//! Searching people.

use lanyard_engine::ports::{COUNTED_MAX, Mirrored, Order, Store, Write};

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
        let (found, next, total) = store.search_people(None, text, Order::Rising, None, 9).await.unwrap();
        assert_eq!(
            (names(&found), next, total),
            (expected.iter().map(|n| (*n).to_owned()).collect(), None, Some(expected.len() as u64)),
            "{text}"
        );
    }
    for text in ["an", ""] {
        let (first, next, total) =
            store.search_people(Some(&tenant()), text, Order::Rising, None, 3).await.unwrap();
        assert_eq!((first.len(), total), (3, Some(4)));
        let cursor = next.expect("there is more");
        let (rest, end, total) =
            store.search_people(Some(&tenant()), text, Order::Rising, Some(&cursor), 3).await.unwrap();
        assert_eq!((names(&rest), end, total), (vec!["Sian O'Anders".to_owned()], None, Some(4)));
        let (none, _, total) =
            store.search_people(Some(&"other".into()), text, Order::Rising, None, 3).await.unwrap();
        assert_eq!((none.len(), total), (0, Some(0)));
        let (last, next, _) =
            store.search_people(Some(&tenant()), text, Order::Falling, None, 3).await.unwrap();
        assert_eq!(names(&last), ["Sian O'Anders", "Bo Anand", "Ánna Sorensen"], "{text}");
        let (first, end, _) =
            store.search_people(Some(&tenant()), text, Order::Falling, next.as_deref(), 3).await.unwrap();
        assert_eq!((names(&first), end), (vec!["Ana Silva".to_owned()], None), "{text}");
    }
    put(store, vec![mirror(("u1", "Zora Silva"))]).await;
    assert_eq!(
        store.search_people(None, "ana", Order::Rising, None, 9).await.unwrap().2,
        Some(1),
        "old words are forgotten"
    );
    let (renamed, ..) = store.search_people(None, "s", Order::Rising, None, 9).await.unwrap();
    assert_eq!(names(&renamed), ["Ánna Sorensen", "Sian O'Anders", "Zora Silva"]);
}

/// A word that fits more people than are counted is walked by name, and answers the same people.
pub(super) async fn a_word_of_a_crowd_is_walked_by_name(store: &dyn Store) {
    let many = COUNTED_MAX + 40;
    let mirror = |number: usize| Write::Identity {
        identity: Box::new(person(&format!("u{number:05}"), &format!("Kim {number:05} Crowd"), &[])),
        keys: Vec::new(),
        at: at(0),
    };
    for chunk in (0..many).collect::<Vec<_>>().chunks(1_000) {
        put(store, chunk.iter().map(|number| mirror(*number)).collect()).await;
    }
    let (first, next, total) = store.search_people(None, "cro k", Order::Rising, None, 2).await.unwrap();
    assert_eq!(
        (names(&first), total),
        (vec!["Kim 00000 Crowd".to_owned(), "Kim 00001 Crowd".to_owned()], None)
    );
    let (more, ..) = store.search_people(None, "cro k", Order::Rising, next.as_deref(), 1).await.unwrap();
    assert_eq!(names(&more), ["Kim 00002 Crowd"]);
    let (last, ..) = store.search_people(None, "crowd", Order::Falling, None, 1).await.unwrap();
    assert_eq!(names(&last), [format!("Kim {:05} Crowd", many - 1)]);
    // A rarer word beside it is looked up, and the crowd's word is asked of its people only.
    let (found, end, total) = store.search_people(None, "crowd 0123", Order::Rising, None, 20).await.unwrap();
    assert_eq!((found.len(), end, total), (10, None, Some(10)));
    let (none, end, total) =
        store.search_people(None, "crowd nobody", Order::Rising, None, 20).await.unwrap();
    assert_eq!((none.len(), end, total), (0, None, Some(0)));
}
