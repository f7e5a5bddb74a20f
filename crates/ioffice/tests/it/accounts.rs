//! Reading and writing users.

use lanyard_engine::ports::{PortFailure, SearchKey, Workplace};
use lanyard_ioffice::{CapabilityFlags, DeactivationMethod, Flag};
use lanyard_model::{
    account::{Account, AccountKind, AccountRead, FieldName, Role, Seat},
    id::{AccountId, CenterId, FloorId, ItemId, RoomId, SectionId, UserTypeId},
    plan::{AccountPatch, Operation, Outcome},
    signal::Lane,
};
use serde_json::{Value, json};

use crate::site::{Reply, Stage, ok, settings, stage, stage_with};

fn mira() -> Value {
    json!({
        "id": 5201, "firstName": "Mira", "lastName": "Okafor", "knownAs": "", "name": "Mira Okafor",
        "userName": "mokafor", "email": "mira.okafor@harborlight.example", "employeeId": "HL-00417",
        "jobTitle": "Platform Engineer", "floorWarden": false, "color": {},
        "userType": {"id": 1, "name": "Employee", "fields": []},
        "costCenter": {"id": 410, "name": "Platform Engineering", "code": "ENG-PLAT"}, "costCenter1": "Engineering",
        "costCenters": [{"id": 520, "name": "Executive floor"}], "custom07": "north",
        "room": {"id": 8801, "name": "2-014", "floor": {"id": 741, "name": "Level 2", "building": {"id": 310}}},
        "neighborhoodSection": {}, "seatClassification": "ASSIGNED", "siteAdmin": "false",
        "permissions": [{"role": "CUSTOMER", "center": {"id": 61}}, {"role": "DISPATCHER", "center": {"id": 63}}],
        "dateUpdated": 1735776000000_i64, "active": true
    })
}

async fn observe(s: &Stage, id: i64) -> Account {
    match s.client.observe_account(AccountId(id), Lane::Normal).await.unwrap() {
        AccountRead::Present(account) => *account,
        other => panic!("{other:?}"),
    }
}

fn field(name: &str) -> FieldName {
    FieldName::new(name).unwrap()
}

#[tokio::test]
async fn one_call_reads_a_user_whole() {
    let s = stage();
    s.site.then([ok(mira())]);
    let account = observe(&s, 5201).await;
    assert_eq!(account.kind, AccountKind::Person);
    assert_eq!(account.field("email"), Some("mira.okafor@harborlight.example"));
    assert_eq!(account.field("custom07"), Some("north"));
    assert_eq!(account.field("knownAs"), None);
    assert_eq!(
        account.user_type.as_ref().map(|(id, name)| (*id, &**name)),
        Some((UserTypeId(1), "Employee"))
    );
    assert_eq!(account.seat, Some(Seat { room: RoomId(8801), floor: Some(FloorId(741)) }));
    assert_eq!((account.section, account.seat_class.as_deref()), (None, Some("assigned")));
    assert_eq!((account.cost_center, account.items), (Some(ItemId(410)), Some([ItemId(520)].into())));
    assert_eq!(account.roles, Some([(CenterId(61), Role::Customer)].into()));
    assert_eq!((account.site_admin, account.active), (Some(false), Some(true)));
    assert_eq!(s.site.lines(), ["GET /users/5201"]);
    assert!(s.site.seen()[0].param("selector").unwrap().contains("permissions(center(module),role)"));
}

#[tokio::test]
async fn accounts_that_are_not_people_are_told_apart() {
    for (id, user_name, kind) in [
        (1, "ioffice", AccountKind::Vendor),
        (12, "$@spacepaneldeviceuser@$", AccountKind::Device),
        (13, "Lanyard-Svc", AccountKind::Own),
        (14, "mokafor", AccountKind::Person),
    ] {
        let s = stage();
        s.site.then([ok(json!({"id": id, "userName": user_name, "permissions": [], "active": true}))]);
        assert_eq!(observe(&s, id).await.kind, kind, "{user_name}");
    }
}

#[tokio::test]
async fn absence_means_empty_only_once_the_site_has_shown_the_field() {
    let s = stage();
    // Nothing learnt yet: roles are asked for, items stay unread, and an empty husk is looked up in the list.
    s.site.then([
        ok(json!({"id": 9, "userName": "husk"})),
        ok(json!([])),
        ok(json!([{"id": 10, "userName": "husk2"}])),
    ]);
    let husk = observe(&s, 9).await;
    assert_eq!((husk.roles, husk.items, husk.active), (Some([].into()), None, Some(false)));
    assert_eq!(s.site.lines(), ["GET /users/9", "GET /users/9/permissions", "GET /users"]);
    s.site.then([ok(mira()), ok(json!({"id": 9, "userName": "husk"}))]);
    observe(&s, 5201).await;
    let husk = observe(&s, 9).await;
    assert_eq!((husk.roles, husk.items, husk.active), (Some([].into()), Some([].into()), None));
    assert_eq!(s.site.seen().len(), 5);
}

#[tokio::test]
async fn a_site_that_knows_fewer_names_gets_a_narrower_selector() {
    let s = stage();
    s.site.answer(|seen| {
        let selector = seen.param("selector").unwrap_or_default();
        Some(if selector.contains("active") {
            Reply::Json(400, json!({"status": 400, "error": "invalid_request"}))
        } else {
            ok(mira())
        })
    });
    assert!(observe(&s, 5201).await.roles.is_some());
    observe(&s, 5201).await;
    assert_eq!(s.site.seen().len(), 3);
    let last = s.site.seen()[2].param("selector").unwrap().to_owned();
    assert!(
        !last.contains("lastUpdatedBy") && last.contains(",permissions(center(module),role),dateUpdated"),
        "{last}"
    );
}

#[tokio::test]
async fn an_update_sends_only_what_changes() {
    let s = stage();
    s.site.then([ok(mira())]);
    let patch = AccountPatch {
        fields: [(field("jobTitle"), Some("Lead".into())), (field("phone"), None)].into(),
        user_type: Some(UserTypeId(3)),
        cost_center: Some(Some(ItemId(411))),
        items: Some([ItemId(520), ItemId(521)].into()),
        seat: Some(None),
        section: Some(Some(SectionId(231))),
        seat_class: Some("hybrid".into()),
    };
    let got = s.client.apply(&Operation::Update { patch }, Some(AccountId(5201)), Lane::Normal).await;
    assert_eq!(got, Outcome::Done { account: None, made: None });
    assert_eq!(
        s.site.seen()[0].body,
        json!({
            "jobTitle": "Lead", "phone": "", "userType": {"id": 3}, "costCenter": {"id": 411},
            "costCenters": [{"id": 520}, {"id": 521}], "room": null, "seatClassification": "hybrid",
            "neighborhoodSection": {"id": 231}, "id": 5201
        })
    );
}

#[tokio::test]
async fn a_section_that_does_not_stick_becomes_a_to_do() {
    let s = stage();
    let patch = AccountPatch { section: Some(Some(SectionId(231))), ..AccountPatch::default() };
    let operation = Operation::Update { patch };
    s.site.answer(|_| Some(ok(mira())));
    // Once may be somebody's hand.
    for known in [None, Some(false)] {
        assert_eq!(s.client.apply(&operation, Some(AccountId(5201)), Lane::Normal).await.name(), "done");
        observe(&s, 5201).await;
        assert_eq!(s.client.capabilities().section_write, known);
    }
    let got = s.client.apply(&operation, Some(AccountId(5201)), Lane::Normal).await;
    assert_eq!(got.name(), "impossible");
    assert_eq!(s.site.seen().len(), 4);
}

#[tokio::test]
async fn a_refused_section_does_not_hold_up_the_rest() {
    let s = stage();
    s.site.answer(|seen| {
        let section = seen.body.get("neighborhoodSection").is_some();
        Some(if section { Reply::Json(400, json!({"error": "invalid_request"})) } else { ok(mira()) })
    });
    let section = AccountPatch { section: Some(Some(SectionId(231))), ..AccountPatch::default() };
    let both = AccountPatch { seat: Some(None), ..section.clone() };
    for (patch, outcome, calls) in
        [(section.clone(), "impossible", 1), (both, "done", 3), (section, "impossible", 3)]
    {
        let got = s.client.apply(&Operation::Update { patch }, Some(AccountId(5201)), Lane::Normal).await;
        assert_eq!((got.name(), s.site.seen().len()), (outcome, calls));
    }
    assert_eq!(s.site.seen()[2].body, json!({"room": null, "id": 5201}));
}

#[tokio::test]
async fn a_seat_that_null_does_not_clear_becomes_a_to_do() {
    let s = stage();
    s.site.answer(|_| Some(ok(mira())));
    let leave = Operation::Update { patch: AccountPatch { seat: Some(None), ..AccountPatch::default() } };
    assert_eq!(s.client.apply(&leave, Some(AccountId(5201)), Lane::Leaver).await.name(), "done");
    observe(&s, 5201).await;
    let got = s.client.apply(&leave, Some(AccountId(5201)), Lane::Leaver).await;
    assert!(
        matches!(got, Outcome::Impossible { ref capability, .. } if capability == "null_clears"),
        "{got:?}"
    );
}

#[tokio::test]
async fn a_create_names_its_id_or_its_clash() {
    let mut patch = AccountPatch::default();
    for (name, value) in
        [("firstName", "Mira"), ("lastName", "Okafor"), ("email", "m@x.example"), ("userName", "mo")]
    {
        patch.fields.insert(field(name), Some(value.into()));
    }
    let create = Operation::Create { patch: patch.clone() };
    let s = stage();
    s.site.then([Reply::Json(201, json!({"id": 77})), Reply::Json(400, json!({"error": "invalid_request"}))]);
    s.site.answer(|_| Some(ok(json!({"available": "false"}))));
    let got = s.client.apply(&create, None, Lane::Normal).await;
    assert_eq!(got, Outcome::Done { account: Some(AccountId(77)), made: None });
    let got = s.client.apply(&create, None, Lane::Normal).await;
    assert!(matches!(got, Outcome::Refused { ref code, .. } if code == "user_name_taken"), "{got:?}");
    assert_eq!(s.site.lines(), ["POST /users", "POST /users", "GET /users/username/mo"]);
    patch.fields.remove(&field("email"));
    let got = s.client.apply(&Operation::Create { patch }, None, Lane::Normal).await;
    assert!(matches!(got, Outcome::Refused { ref code, .. } if code == "missing_field"), "{got:?}");
}

#[tokio::test]
async fn whole_list_writes_keep_roles_that_have_no_word_here() {
    let s = stage();
    s.site.answer(|_| Some(ok(mira())));
    observe(&s, 5201).await;
    for (roles, body) in [
        (
            vec![(CenterId(62), Role::Operator)],
            json!([{"role": "OPERATOR", "center": {"id": 62}}, {"role": "DISPATCHER", "center": {"id": 63}}]),
        ),
        (vec![(CenterId(63), Role::Customer)], json!([{"role": "CUSTOMER", "center": {"id": 63}}])),
        (vec![], json!([])),
    ] {
        let operation = Operation::SetRoles { roles: roles.into_iter().collect() };
        assert!(s.client.apply(&operation, Some(AccountId(5201)), Lane::Leaver).await.is_success());
        assert_eq!(s.site.seen().last().unwrap().body, body);
    }
}

#[tokio::test]
async fn roles_that_survive_their_removal_become_a_to_do() {
    let s = stage();
    s.site.answer(|seen| {
        let survivors = json!([{"role": "CUSTOMER", "center": {"id": 61}}]);
        Some(ok(if seen.line.ends_with("/permissions") { survivors } else { mira() }))
    });
    let revoke = Operation::SetRoles { roles: [].into() };
    // The first time nothing is known; the read-back teaches.
    assert_eq!(s.client.apply(&revoke, Some(AccountId(5201)), Lane::Leaver).await.name(), "done");
    observe(&s, 5201).await;
    let got = s.client.apply(&revoke, Some(AccountId(5201)), Lane::Leaver).await;
    let Outcome::Impossible { capability, todo } = got else { panic!("{got:?}") };
    assert_eq!(capability, "permissions_semantics");
    assert!(todo.how.ends_with("take away the roles in center 61."), "{}", todo.how);
}

#[tokio::test]
async fn protected_accounts_are_never_written_to() {
    let s = stage();
    s.site.then([ok(
        json!({"id": 40, "userName": "boss", "siteAdmin": true, "permissions": [], "active": true}),
    )]);
    observe(&s, 40).await;
    for id in [1, 40] {
        let got = s.client.apply(&Operation::Deactivate, Some(AccountId(id)), Lane::Leaver).await;
        assert!(matches!(got, Outcome::Refused { ref code, .. } if code == "protected"), "{got:?}");
    }
    assert_eq!(s.site.seen().len(), 1);
}

/// A site with one account that reacts to deactivation in one of the ways of A-13.
fn site_that(reaction: &'static str, method: DeactivationMethod, delete_allowed: Flag) -> Stage {
    let mut all = settings();
    all.deactivation = method;
    all.capabilities = CapabilityFlags { delete_allowed, ..CapabilityFlags::default() };
    let s = stage_with(all);
    let gone = std::sync::atomic::AtomicBool::new(false);
    s.site.answer(move |seen| {
        use std::sync::atomic::Ordering::SeqCst;
        let inactive = gone.load(SeqCst);
        let user = json!({"id": 7, "userName": "leaver", "permissions": [], "active": !inactive});
        Some(match (seen.line.as_str(), reaction) {
            ("PUT /users/7", "rejects") => Reply::Json(400, json!({"error": "invalid_request"})),
            ("PUT /users/7", _) if inactive => Reply::Json(400, json!({"error": "invalid_request"})),
            ("PUT /users/7", "accepts" | "hides") => {
                gone.store(true, SeqCst);
                ok(user)
            }
            ("PUT /users/7", _) => ok(user),
            ("DELETE /users/7", _) => {
                gone.store(true, SeqCst);
                ok(json!({"response": "Successfully removed"}))
            }
            ("GET /users/7", "hides") if inactive => return None,
            ("GET /users/7", _) => ok(user),
            _ => return None,
        })
    });
    s
}

#[tokio::test]
async fn deactivation_uses_what_works_on_the_site() {
    use DeactivationMethod::{Auto, Delete, PutActive};
    const PUT: &str = "PUT /users/7";
    const GET: &str = "GET /users/7";
    const DEL: &str = "DELETE /users/7";
    let cases: [(&str, DeactivationMethod, Flag, &str, &[&str]); 9] = [
        ("accepts", Auto, Flag::No, "done", &[PUT, GET]),
        ("hides", Auto, Flag::No, "done", &[PUT, GET]),
        ("ignores", Auto, Flag::Yes, "done", &[PUT, GET, DEL]),
        ("ignores", Auto, Flag::No, "impossible", &[PUT, GET]),
        ("rejects", Auto, Flag::Yes, "done", &[PUT, GET, DEL]),
        ("rejects", Auto, Flag::Auto, "impossible", &[PUT, GET]),
        ("accepts", PutActive, Flag::No, "done", &[PUT]),
        ("accepts", Delete, Flag::Yes, "done", &[DEL]),
        ("accepts", Delete, Flag::No, "impossible", &[]),
    ];
    for (reaction, method, delete_allowed, outcome, calls) in cases {
        let s = site_that(reaction, method, delete_allowed);
        let got = s.client.apply(&Operation::Deactivate, Some(AccountId(7)), Lane::Leaver).await;
        assert_eq!(
            (got.name(), s.site.lines()),
            (outcome, calls.iter().map(|c| (*c).to_owned()).collect()),
            "{reaction}"
        );
    }
}

#[tokio::test]
async fn deactivating_twice_is_already_and_what_was_learnt_saves_a_call() {
    let s = site_that("accepts", DeactivationMethod::Auto, Flag::No);
    assert_eq!(s.client.apply(&Operation::Deactivate, Some(AccountId(7)), Lane::Leaver).await.name(), "done");
    assert_eq!(s.client.capabilities().active_write, Some(true));
    assert_eq!(
        s.client.apply(&Operation::Deactivate, Some(AccountId(7)), Lane::Leaver).await.name(),
        "already"
    );
    assert_eq!(s.site.seen().len(), 4);
}

#[tokio::test]
async fn searching_is_fuzzy_and_bounded() {
    let s = stage();
    s.site.then([ok(json!([mira(), {"id": 5202, "userName": "mokafor2"}, {"name": "no id"}]))]);
    let key = SearchKey { field: field("userName"), value: "mokafor".into() };
    let found = s.client.find_accounts(&key, Lane::Normal).await.unwrap();
    assert_eq!(found.iter().map(|a| a.id().0).collect::<Vec<_>>(), [5201, 5202]);
    assert_eq!(s.site.seen()[0].param("search"), Some("mokafor"));
    // Rows of one list teach what absence means in it.
    assert_eq!(found[1].roles, Some([].into()));

    s.site.answer(|seen| {
        let start: i64 = seen.param("startAt")?.parse().ok()?;
        Some(ok((start..start + 100).map(|id| json!({"id": id + 1})).collect()))
    });
    assert!(s.client.find_accounts(&key, Lane::Normal).await.is_err());
    assert_eq!(s.site.seen().len(), 6);
}

#[tokio::test]
async fn a_search_that_shows_nobody_is_held_against_the_count() {
    let s = stage();
    let key = SearchKey { field: field("employeeId"), value: "HL-00417".into() };
    let whole = async |s: &Stage| s.client.search_was_whole(&key, 0, Lane::Normal).await;
    let count = |n: u64| ok(json!({ "count": n }));
    s.site.then([count(0)]);
    assert_eq!(whole(&s).await, Ok(()));
    assert_eq!(s.site.lines(), ["GET /users/count"], "nobody: that is one call");
    assert_eq!(s.site.seen()[0].param("search"), Some("HL-00417"));
    // Of an answer that was cut the count knows; and that it takes notice of texts is seen once.
    let reason = "a search shows 0 accounts, and 1 are counted".to_owned();
    let cut = Err(PortFailure::Unavailable { upstream: "iOffice acme".into(), reason });
    s.site.then([count(1), ok(json!([])), count(0)]);
    assert_eq!(whole(&s).await, cut);
    s.site.then([count(1), ok(json!([]))]);
    assert_eq!(whole(&s).await, cut);
    // A row that says too little to be shown is there all the same.
    s.site.then([count(1), ok(json!([{"id": 9}]))]);
    assert_eq!(whole(&s).await, Ok(()));
    // Where the count takes no notice, it says nothing, and is not asked again.
    let s = stage();
    s.site.then([count(2_000), ok(json!([])), count(2_000)]);
    assert_eq!(whole(&s).await, Ok(()));
    assert_eq!(whole(&s).await, Ok(()));
    assert_eq!(s.site.lines(), ["GET /users/count", "GET /users", "GET /users/count"]);
}

#[tokio::test]
async fn other_properties_are_found_by_quick_search_and_read_by_id() {
    let s = stage();
    s.site.then([ok(json!([{"id": 5201, "name": "Mira Okafor"}])), ok(mira())]);
    let key = SearchKey { field: field("custom07"), value: "north".into() };
    let found = s.client.find_accounts(&key, Lane::Normal).await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(s.site.lines(), ["POST /users/quicksearch", "GET /users/5201"]);
    assert_eq!(s.site.seen()[0].body["filters"][0]["propertyPath"], "custom07");
}
