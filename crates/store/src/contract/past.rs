//! What the mirrors showed at a past moment.

use lanyard_engine::ports::{Store, Write};
use lanyard_model::identity::{Identity, Status};

use super::samples::{at, person, put, tenant};

pub(super) async fn what_was_shown_then_is_what_was_shown(store: &dyn Store) {
    let mirror = |identity: &Identity, seconds: i64| Write::Identity {
        identity: Box::new(Identity { read_at: at(seconds), ..identity.clone() }),
        keys: vec![],
        at: at(seconds),
    };
    let ana = person("ana", "Ana", &["g1"]);
    let away = Identity { status: Status::Suspended, ..ana.clone() };
    put(store, vec![mirror(&ana, 10), mirror(&person("bo", "Bo", &[]), 10)]).await;
    put(store, vec![mirror(&ana, 15)]).await;
    put(store, vec![mirror(&away, 20)]).await;
    put(store, vec![mirror(&ana, 30)]).await;
    put(store, vec![Write::IdentityGone { identity: ana.id.clone(), at: at(40), proof: "test".into() }])
        .await;
    put(store, vec![mirror(&away, 60)]).await;
    let then = async |seconds: i64| {
        let known = store.identity_as_of(&ana.id, at(seconds)).await.unwrap();
        known.map(|known| (known.identity.status, known.since, known.gone_at))
    };
    assert_eq!(then(9).await, None, "nothing was known yet");
    assert_eq!(then(10).await, Some((Status::Active, at(10), None)));
    assert_eq!(then(19).await, Some((Status::Active, at(10), None)));
    assert_eq!(then(20).await, Some((Status::Suspended, at(20), None)));
    assert_eq!(then(39).await, Some((Status::Active, at(30), None)));
    assert_eq!(then(50).await, None, "proven gone then");
    assert_eq!(then(61).await, Some((Status::Suspended, at(60), None)));
    let spans = store.identity_states(&tenant(), at(15), at(35)).await.unwrap();
    let spans: Vec<_> =
        spans.iter().map(|s| (&*s.identity.id.user, s.identity.status.as_str(), s.from, s.until)).collect();
    assert_eq!(
        spans,
        [
            ("ana", "ACTIVE", at(10), Some(at(20))),
            ("bo", "ACTIVE", at(10), None),
            ("ana", "SUSPENDED", at(20), Some(at(30))),
            ("ana", "ACTIVE", at(30), Some(at(40))),
        ]
    );
    let all = store.identities_as_of(&tenant(), at(25)).await.unwrap();
    let all: Vec<_> =
        all.iter().map(|known| (&*known.identity.id.user, known.identity.status.as_str())).collect();
    assert_eq!(all, [("ana", "SUSPENDED"), ("bo", "ACTIVE")]);
}
