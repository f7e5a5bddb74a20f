//! An org's first state, drawn from a generated company. No events are written for it: it is the past.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    OktaSettings,
    apps::AppUser,
    dice::Oid,
    moment::Moment,
    profile::{AttributeKey, Field, Profile},
    rules::{Condition, Rule, RuleStatus},
    schema::{Schema, UserType},
    state::{EVERYONE, Group, GroupHead, GroupKey, GroupType, Org, Provider, Status, User, UserKey},
};
use crate::world;

impl Org {
    /// The state of one org of a company at `now`.
    pub fn from_world(mut settings: OktaSettings, company: &world::Org, now: Timestamp) -> Self {
        if settings.host.is_empty() {
            settings.host = format!("{}.okta.com", company.subdomain);
        }
        let mut org = Org::new(settings);
        org.now = Moment::of(now);
        org.id = Oid::parse(company.id.as_str()).unwrap_or(org.id);
        org.seed_types(company);
        org.seed_users(company);
        let keys = org.seed_groups(company);
        org.seed_rules(company, &keys);
        org.seed_app(company, &keys);
        org
    }

    fn own_id(&mut self, id: &world::OktaId, prefix: &str) -> Oid {
        Oid::parse(id.as_str()).unwrap_or_else(|| self.fresh_id(prefix))
    }

    fn seed_types(&mut self, company: &world::Org) {
        let oldest = company.users.iter().map(|user| user.created).min();
        let since = oldest.map_or(self.now, Moment::of);
        self.types.clear();
        self.user_schemas.clear();
        for kind in &company.user_types {
            let (id, schema) = (self.own_id(&kind.id, "oty"), self.own_id(&kind.schema_id, "osc"));
            self.types.push(UserType {
                id,
                schema,
                name: kind.name.to_owned(),
                display_name: kind.display_name.to_owned(),
                description: kind.display_name.to_owned(),
                default: kind.default,
                created: since,
                last_updated: since,
                deleted: false,
            });
            let mut own = Schema { created: since, last_updated: since, ..Schema::user(schema) };
            for attribute in &company.custom_attributes {
                if !attribute.contractors_only || !kind.default {
                    own.add_custom(attribute.name, text_attribute(attribute.title));
                    self.names.intern(attribute.name);
                }
            }
            self.user_schemas.push(own);
        }
    }

    fn seed_users(&mut self, company: &world::Org) {
        let names = [
            "login",
            "email",
            "firstName",
            "lastName",
            "displayName",
            "nickName",
            "employeeNumber",
            "department",
            "costCenter",
            "division",
            "organization",
            "title",
            "managerId",
            "userType",
            "city",
            "countryCode",
            "locale",
            "timezone",
            "mobilePhone",
            "officeLocation",
            "startDate",
            "contractEndDate",
            "employeeStatus",
            "workMode",
        ];
        let keys: Vec<AttributeKey> = names.iter().map(|name| self.names.intern(name)).collect();
        self.users.reserve(company.users.len());
        self.user_ids.reserve(company.users.len());
        for user in &company.users {
            let owned = |text: &Option<Box<str>>| text.as_deref().map(Arc::<str>::from);
            let values: [Option<Arc<str>>; 24] = [
                Some(user.login.clone()),
                Some(user.email.clone()),
                Some(user.first_name.clone()),
                Some(user.last_name.clone()),
                Some(user.display_name().into()),
                user.nick_name.clone(),
                Some(user.employee_number.clone()),
                Some(user.department.clone()),
                Some(user.cost_center.clone()),
                Some(user.division.clone()),
                Some(user.organization.clone()),
                Some(user.title.clone()),
                user.manager_id.clone(),
                Some(user.label.clone()),
                Some(user.city.clone()),
                Some(user.country_code.clone()),
                Some(user.locale.clone()),
                Some(user.timezone.clone()),
                owned(&user.mobile_phone),
                Some(user.office_location.clone()),
                owned(&user.start_date),
                owned(&user.contract_end_date),
                user.employee_status.clone(),
                Some(user.work_mode.clone()),
            ];
            let mut profile = Profile::default();
            for (key, value) in keys.iter().zip(values) {
                // An empty text is an absent one: the vendor stores none.
                profile.set(*key, value.filter(|text| !text.is_empty()).map(Field::Text));
            }
            profile.pack();
            let id = self.own_id(&user.id, "00u");
            let moment = |at: Option<Timestamp>| at.map_or(Moment::NEVER, Moment::of);
            let key = self.place_user(User {
                id,
                status: Status::named(user.status.as_str()).unwrap_or(Status::Active),
                transition: None,
                created: Moment::of(user.created),
                activated: moment(user.activated),
                status_changed: moment(user.status_changed),
                last_login: moment(user.last_login),
                last_updated: Moment::of(user.last_updated),
                password_changed: moment(user.password_changed),
                type_place: u16::from(user.user_type),
                version: 1,
                password: user.password_changed.is_some(),
                deleting: false,
                provider: Provider::Okta,
                profile,
                groups: Vec::new(),
            });
            self.end_user_change(key);
        }
    }

    /// The key of each of the company's groups.
    fn seed_groups(&mut self, company: &world::Org) -> Vec<GroupKey> {
        let mut keys = Vec::with_capacity(company.groups.len());
        let directory =
            company.groups.iter().any(|group| matches!(group.source, world::GroupSource::Directory(_)));
        let source = directory.then(|| {
            let place = self.add_app("active_directory", "Active Directory", false);
            self.apps[place].id
        });
        for group in &company.groups {
            let id = self.own_id(&group.id, "00g");
            let mut extra = serde_json::Map::new();
            let kind = match &group.source {
                world::GroupSource::Okta => GroupType::Okta,
                world::GroupSource::BuiltIn => GroupType::BuiltIn,
                world::GroupSource::Directory(directory) => {
                    for (name, value) in [
                        ("samAccountName", &directory.sam_account_name),
                        ("dn", &directory.dn),
                        ("windowsDomainQualifiedName", &directory.windows_domain_qualified_name),
                        ("externalId", &directory.external_id),
                    ] {
                        extra.insert(name.to_owned(), Value::from(&**value));
                    }
                    GroupType::App
                }
            };
            let head = GroupHead {
                id,
                kind,
                name: group.name.clone(),
                description: Some(group.description.clone()).filter(|text| !text.is_empty()),
                created: Moment::of(group.created),
                last_updated: Moment::of(group.last_updated),
                last_membership_updated: Moment::of(group.last_membership_updated),
                extra,
                source: source.filter(|_| kind == GroupType::App),
            };
            if kind == GroupType::BuiltIn {
                self.replace_everyone(head);
                keys.push(EVERYONE);
                continue;
            }
            let key = self.groups.len() as GroupKey;
            self.group_ids.insert(id, key);
            for member in &group.members {
                if let Some(user) = self.user_mut(*member as UserKey) {
                    user.groups.push(key);
                }
            }
            self.groups.push(Some(Group { head, members: group.members.iter().copied().collect() }));
            keys.push(key);
        }
        for user in self.users.iter_mut().flatten() {
            user.groups.shrink_to_fit();
        }
        keys
    }

    fn replace_everyone(&mut self, head: GroupHead) {
        if let Some(old) = self.group_at(EVERYONE).map(|group| group.head.id) {
            self.group_ids.remove(&old);
        }
        self.group_ids.insert(head.id, EVERYONE);
        if let Some(everyone) = self.group_mut(EVERYONE) {
            everyone.head = head;
        }
    }

    fn seed_rules(&mut self, company: &world::Org, keys: &[GroupKey]) {
        for rule in &company.rules {
            let Ok(condition) = Condition::parse(&rule.expression) else { continue };
            let Some(group) = keys.get(rule.group as usize).copied() else { continue };
            let Some(held) = self.group_at(group) else { continue };
            let (target, members) = (held.head.id, held.members.iter().map(|user| (group, *user)).collect());
            let id = self.own_id(&rule.id, "0pr");
            self.rules.push(Rule {
                id,
                name: rule.name.to_string(),
                expression: rule.expression.to_string(),
                condition,
                groups: vec![target],
                excluded: Vec::new(),
                status: RuleStatus::Active,
                created: Moment::of(rule.created),
                last_updated: Moment::of(rule.created),
                given: members,
            });
        }
    }

    fn seed_app(&mut self, company: &world::Org, keys: &[GroupKey]) {
        let place = self.add_app(company.app.name, company.app.label, true);
        self.apps[place].id = self.own_id(&company.app.id, "0oa");
        let Some(group) = keys.get(company.app.group as usize).copied() else { return };
        let since = Moment::of(company.app.created);
        self.apps[place].groups.insert(group, (0, since));
        let members: Vec<UserKey> =
            self.group_at(group).map(|group| group.members.iter().copied().collect()).unwrap_or_default();
        for user in members {
            let Some(created) =
                self.user_at(user).filter(|u| u.status != Status::Deprovisioned).map(|u| u.created)
            else {
                continue;
            };
            let (id, external_id) = (self.fresh_id("0ua"), self.dice.uuid().into_boxed_str());
            let app_user = AppUser {
                individual: false,
                external_id: Some(external_id),
                status: "PROVISIONED",
                sync_state: "SYNCHRONIZED",
                created: created.max(since),
                last_updated: created.max(since),
                user_name: None,
                profile: None,
                id,
            };
            self.apps[place].users.insert(user, app_user);
        }
    }
}

/// A custom text attribute as a schema defines it.
pub fn text_attribute(title: &str) -> Value {
    json!({
        "title": title, "type": "string", "mutability": "READ_WRITE", "scope": "NONE",
        "permissions": [{ "principal": "SELF", "action": "READ_ONLY" }],
        "master": { "type": "PROFILE_MASTER" },
    })
}
