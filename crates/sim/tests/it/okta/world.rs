//! An org drawn from a generated company.

use lanyard_sim::{
    okta::{OktaFace, OktaSettings},
    world::{Company, UserStatus, WorldSettings},
};

use super::desk::Desk;

#[test]
fn a_generated_org_is_served_whole() {
    let company = Company::generate(&WorldSettings { people: 700, ..WorldSettings::default() });
    let org = &company.orgs[0];
    let face = OktaFace::from_world(OktaSettings::exact(), org, company.settings.now);
    let mut desk = Desk::over(face);
    let gone = org.users.iter().filter(|user| user.status == UserStatus::Deprovisioned).count();
    assert!(gone > 0);
    assert_eq!(desk.walk("/api/v1/users?limit=200", "/id").len(), org.users.len() - gone);
    assert_eq!(desk.walk("/api/v1/users?search=status pr", "/id").len(), org.users.len());
    let served = desk.walk("/api/v1/groups?limit=200", "/id");
    assert_eq!(served, org.groups.iter().map(|group| group.id.to_string()).collect::<Vec<_>>());
    for group in &org.groups {
        let members = desk.walk(&format!("/api/v1/groups/{}/users?limit=200", group.id), "/id").len();
        let everyone = group.source == lanyard_sim::world::GroupSource::BuiltIn;
        assert_eq!(members, if everyone { org.users.len() } else { group.members.len() }, "{}", group.name);
    }
    let user = &org.users[0];
    let seen = desk.get(&format!("/api/v1/users/{}", user.id));
    assert_eq!(seen.body["profile"].as_object().unwrap().len(), user.profile().len());
    for (name, value) in user.profile() {
        assert_eq!(seen.body["profile"][&name], value, "{name}");
    }
    assert_eq!(seen.body["lastUpdated"].as_str().unwrap()[..19], user.last_updated.to_string()[..19]);
    let rules = desk.walk("/api/v1/groups/rules", "/status");
    assert_eq!(rules, vec!["ACTIVE"; org.rules.len()]);
    let assigned = desk
        .walk(&format!("/api/v1/apps/{}/users?limit=500&expand=user", org.app.id), "/_embedded/user/status");
    assert!(!assigned.is_empty() && !assigned.contains(&"DEPROVISIONED".to_owned()));
    assert_eq!(desk.face.log_summary().len(), 0, "the past is not logged");
}
