//! The policy as one value: parsed, sealed, and the questions that need no site.

use std::{
    borrow::Borrow,
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use jiff::{Timestamp, ToSpan as _};
use lanyard_model::{
    account::FieldName,
    clearance::Demand,
    desired::Because,
    failure::{OnFailure, Part},
    id::{GroupId, SiteId, TenantId},
    identity::Identity,
    place::Catalogue,
};
use sha2::{Digest, Sha256};

use crate::{
    Bound, bind,
    condition::{Condition, GroupTest},
    document::Document,
    evaluate::{Routed, route},
    guardrail::{Channel, Guardrails, Schedule},
    kind::Kinds,
    names::Bits,
    parse,
    problem::Problems,
    reaction::Reactions,
    subject::{Subject, without_groups},
};

/// The files of a policy folder, as texts.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(into = "SourceV1", from = "SourceV1")]
pub struct PolicyFiles {
    /// Name and text of the rules (`policy.toml`).
    pub toml: (String, String),
    /// Mapping tables by name, with or without `.csv`.
    pub tables: BTreeMap<String, String>,
}

impl PolicyFiles {
    /// Whether both say the same, whatever their TOML file is called.
    pub fn same_content(&self, other: &Self) -> bool {
        self.toml.1 == other.toml.1 && self.tables == other.tables
    }
}

/// How the files travel and are kept.
#[derive(serde::Serialize, serde::Deserialize)]
struct SourceV1 {
    #[serde(default)]
    file: String,
    rules: String,
    #[serde(default)]
    tables: BTreeMap<String, String>,
}

impl From<PolicyFiles> for SourceV1 {
    fn from(files: PolicyFiles) -> Self {
        Self { file: files.toml.0, rules: files.toml.1, tables: files.tables }
    }
}

impl From<SourceV1> for PolicyFiles {
    fn from(source: SourceV1) -> Self {
        let file = if source.file.is_empty() { "policy.toml".to_owned() } else { source.file };
        Self { toml: (file, source.rules), tables: source.tables }
    }
}

/// A flow for display.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct FlowLine {
    pub id: String,
    /// One of the six templates, if the flow says so.
    pub template: Option<String>,
    pub sentence: String,
    pub priority: i64,
    /// It gives something; otherwise it only denies.
    pub gives: bool,
}

/// A policy that can be used. Cheap to clone.
#[derive(Clone)]
pub struct Policy {
    document: Arc<Document>,
    files: Arc<PolicyFiles>,
    seal: Arc<str>,
    missing: Arc<Bits>,
}

impl Policy {
    /// Reads and checks the files.
    ///
    /// # Errors
    /// Every mistake at once, each with its place.
    pub fn parse(files: &PolicyFiles) -> Result<Self, Problems> {
        Self::parse_with_tests(files, &[])
    }

    /// The same with tests that stand in files of their own, by name: nothing but `[person.NAME]` and `[[test]]`. They are no
    /// part of the policy, nor of its seal.
    ///
    /// # Errors
    /// Every mistake at once, each with its place.
    pub fn parse_with_tests(files: &PolicyFiles, tests: &[(String, String)]) -> Result<Self, Problems> {
        let document = parse::document(files, tests)?;
        Ok(Self {
            document: Arc::new(document),
            files: Arc::new(files.clone()),
            seal: seal(files).into(),
            missing: Arc::default(),
        })
    }

    /// The same policy where these groups are gone from Okta. Who was in one is not known of anybody: protections and
    /// restrictions that ask for it hold, and nothing is given that rests on it.
    #[must_use]
    pub fn with_missing<'g>(&self, groups: impl IntoIterator<Item = &'g GroupId>) -> Self {
        let missing = Arc::new(self.document.names.numbers_of(groups));
        Self { missing, ..self.clone() }
    }

    pub(crate) fn document(&self) -> &Document {
        &self.document
    }

    pub fn files(&self) -> &PolicyFiles {
        &self.files
    }

    pub fn name(&self) -> &str {
        &self.document.name
    }

    /// SHA-256 of the files' content in lower-case hex. File names of tables count, the name of the TOML file does not.
    pub fn seal(&self) -> &str {
        &self.seal
    }

    /// Ids of all groups that any rule names.
    pub fn groups(&self) -> BTreeSet<GroupId> {
        let mut ids: BTreeSet<_> = self
            .document
            .groups
            .values()
            .flat_map(|named| &named.test.ids)
            .map(|(_, id)| id.clone())
            .collect();
        self.document.visit(&mut |condition| {
            if let Condition::Group(group) = condition {
                ids.extend(group.ids.iter().map(|(_, id)| id.clone()));
            }
        });
        ids
    }

    /// What the policy calls a group that it names: in `[groups]`, or beside the id (`00g… # name`).
    pub fn group_name(&self, id: &GroupId) -> Option<String> {
        let name = |test: &GroupTest| {
            let is_named = test.ids.iter().any(|(_, one)| one == id) && test.name != id.as_str();
            is_named.then(|| test.name.clone())
        };
        let mut found = self.document.groups.values().find_map(|named| name(&named.test));
        self.document.visit(&mut |condition| {
            if let (None, Condition::Group(group)) = (&found, condition) {
                found = name(group);
            }
        });
        found
    }

    /// Profile attributes that any rule reads, and the few that people are named by.
    pub fn attributes(&self) -> BTreeSet<String> {
        let mut names: BTreeSet<String> =
            ["displayName", "email", "firstName", "lastName", "login"].map(str::to_owned).into();
        names.extend(self.document.mentions.iter().map(|(name, _)| name.clone()));
        names
    }

    /// Fields of accounts that rules fill, or that accounts are found by.
    pub fn fields(&self) -> BTreeSet<String> {
        let filled = self.document.profile.iter().map(|rule| rule.field.to_string());
        filled.chain(self.document.correlation.keys.iter().map(|key| key.field.to_string())).collect()
    }

    /// Whether any rule gives, or owns, category items besides cost centers.
    pub fn names_items(&self) -> bool {
        let flows = self.document.flows.iter();
        let mut outcomes = flows.flat_map(|flow| flow.gives.iter().chain(&flow.never));
        outcomes.any(|outcome| {
            matches!(outcome.kind, crate::document::Kind::Item { .. } | crate::document::Kind::TableItems)
        })
    }

    pub fn guardrails(&self) -> &Guardrails {
        &self.document.guardrails
    }

    /// Tells what kind of person somebody is.
    pub fn kinds(&self) -> Kinds {
        Kinds::new(Arc::clone(&self.document))
    }

    /// The parameters that count for a tenant's people in a site, and which of them are set for that site or tenant.
    pub fn parameters(
        &self,
        site: &SiteId,
        tenant: &TenantId,
    ) -> (BTreeMap<String, String>, BTreeSet<String>) {
        self.document.parameters.told(site, tenant)
    }

    /// What is done in a site about the situations in which accounts and people are found.
    pub fn reactions(&self, site: &SiteId) -> &Reactions {
        self.document.reactions.of(site)
    }

    /// Why nothing may be taken from this person in a site, if the policy protects them. A person who may be protected (their
    /// groups are not whole, one of them is gone, a date is unreadable) is; whom no route leads anywhere belongs to this site.
    pub fn protects(&self, identity: &Identity, site: Option<&SiteId>) -> Option<Because> {
        if !self.may_protect(identity) {
            return None;
        }
        self.with_placed(identity, site, |subject| {
            let found = self.document.protecting(subject).next();
            found.map(|(_, rule, text)| Because { rule, row: None, text })
        })
    }

    /// Every entry of [`crate::protection::protections`] that protects this person, by its place there.
    pub fn protected_by(&self, identity: &Identity) -> Vec<usize> {
        if !self.may_protect(identity) {
            return Vec::new();
        }
        self.with_placed(identity, None, |subject| {
            self.document.protecting(subject).map(|(place, ..)| place).collect()
        })
    }

    /// Runs `then` with the person as conditions see them, in the site to which routing leads, else in this one.
    fn with_placed<T>(
        &self,
        identity: &Identity,
        site: Option<&SiteId>,
        then: impl FnOnce(&Subject<'_>) -> T,
    ) -> T {
        let document = &*self.document;
        let missing = Some(&*self.missing).filter(|missing| !missing.is_empty());
        without_groups(document, missing, identity, identity.read_at, true, |subject| {
            if !matches!(route(document, subject), Routed::To(..)) {
                subject.route.set(document.routes.iter().position(|route| Some(&route.site) == site));
            }
            then(subject)
        })
    }

    /// Mostly it is a list of groups: then nothing else needs to be known of a person.
    fn may_protect(&self, identity: &Identity) -> bool {
        let Document { protected, protections, .. } = &*self.document;
        let stranger = |condition: &Condition| match condition {
            Condition::Group(group) => {
                group.ids.iter().all(|(_, id)| !identity.groups.contains(id))
                    && !group.at.iter().any(|at| self.missing.has(*at))
            }
            _ => false,
        };
        let outside = || {
            protected.iter().all(stranger)
                && protections.iter().all(|one| one.conditions.iter().any(stranger))
        };
        !(protected.is_empty() && protections.is_empty() || identity.groups.complete && outside())
    }

    /// Whether any flow tells anybody.
    pub fn tells(&self) -> bool {
        self.document.flows.iter().any(|flow| !flow.tell.is_empty())
    }

    /// Whom a flow tells of what it gave, and its sentence; `None`: nobody, or no flow.
    pub fn told(&self, rule: &str) -> Option<(&str, &[String])> {
        let flow = self.document.flows.iter().find(|flow| flow.id == rule)?;
        (!flow.tell.is_empty()).then_some((flow.sentence.as_str(), flow.tell.as_slice()))
    }

    /// What rules ask before they give or take anything, by rule.
    pub fn demands(&self) -> &BTreeMap<String, Demand> {
        &self.document.demands
    }

    /// What becomes of a step that fails, of a part of what a rule gives or takes. `None`: the rule says nothing of it.
    pub fn on_failure(&self, rule: &str, part: Part) -> Option<&OnFailure> {
        self.document.failures.get(rule)?.get(&part)
    }

    /// Whether any rule says what becomes of steps that fail.
    pub fn has_failure_rules(&self) -> bool {
        !self.document.failures.is_empty()
    }

    /// Whether some leave takes bookings away.
    pub fn leaves_take_bookings(&self) -> bool {
        self.document.lifecycle.leave.iter().any(|leave| leave.loses.bookings)
    }

    /// Fields of accounts by which desks are chosen near a team.
    pub fn team_fields(&self) -> BTreeSet<FieldName> {
        let outcomes = self.document.flows.iter().flat_map(|flow| &flow.gives);
        let near = outcomes.filter_map(|outcome| match &outcome.kind {
            crate::document::Kind::Place { near, .. } => *near,
            _ => None,
        });
        near.collect()
    }

    /// When removals may go next; `None`: now.
    pub fn removals_open_at(&self, now: Timestamp) -> Option<Timestamp> {
        let window = self.document.window.as_ref()?;
        let here = window.zone.to_datetime(now);
        (0..8).find_map(|days| {
            let day = here.date().checked_add(days.days()).ok()?;
            if !window.days.is_empty() && !window.days.contains(&day.weekday()) {
                return None;
            }
            let at = |time| window.zone.to_ambiguous_timestamp(day.to_datetime(time)).compatible().ok();
            let (opens, closes) = (at(window.from)?, at(window.to)?);
            if now < opens { Some(Some(opens)) } else { (now < closes).then_some(None) }
        })?
    }

    pub fn schedules(&self) -> &[Schedule] {
        &self.document.schedule
    }

    /// Notification routes by name.
    pub fn routes(&self) -> &BTreeMap<String, Channel> {
        &self.document.channels
    }

    /// Sites that any route leads to.
    pub fn sites(&self) -> BTreeSet<SiteId> {
        self.document.routes.iter().map(|route| route.site.clone()).collect()
    }

    /// Mapping tables with the numbers of their rows.
    pub fn table_rows(&self) -> Vec<(String, Vec<u32>)> {
        let rows = |table: &crate::table::Table| table.rows.iter().map(|row| row.number).collect();
        self.document.tables.iter().map(|(name, table)| (name.clone(), rows(table))).collect()
    }

    pub fn flows(&self) -> Vec<FlowLine> {
        let line = |flow: &crate::document::Flow| FlowLine {
            id: flow.id.clone(),
            template: flow.template.map(str::to_owned),
            sentence: flow.sentence.clone(),
            priority: flow.priority,
            gives: !flow.gives.is_empty(),
        };
        self.document.flows.iter().map(line).collect()
    }

    /// Resolves names to the ids of each site. Names that no site knows are [`Bound::problems`]; people whom they
    /// concern get that part as a problem, and the rest of what they should have.
    pub fn bind<C: Borrow<Catalogue>>(&self, catalogues: &BTreeMap<SiteId, C>) -> Bound {
        bind::bind(Arc::clone(&self.document), Arc::clone(&self.missing), &self.files, catalogues)
    }
}

impl std::fmt::Debug for Policy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Policy").field("name", &self.document.name).field("seal", &self.seal).finish()
    }
}

impl Document {
    /// Calls `see` with every condition, nested ones included.
    pub fn visit(&self, see: &mut dyn FnMut(&Condition)) {
        let rules = &self.lifecycle;
        let lists = self
            .routes
            .iter()
            .map(|route| &route.conditions)
            .chain([&self.scope.conditions, &self.protected])
            .chain(self.protections.iter().map(|entry| &entry.conditions))
            .chain(self.profile.iter().map(|rule| &rule.conditions))
            .chain(self.user_types.iter().map(|rule| &rule.conditions))
            .chain(rules.end.iter().map(|rule| &rule.conditions))
            .chain(rules.ended.iter().map(|rule| &rule.conditions))
            .chain(rules.leave.iter().map(|rule| &rule.conditions))
            .chain(self.flows.iter().map(|flow| &flow.conditions))
            .chain(self.tables.values().flat_map(|table| table.rows.iter().map(|row| &row.tests)));
        for list in lists {
            list.iter().for_each(|condition| condition.visit(see));
        }
    }

    /// Calls `see` with every condition that stands on its own; nested ones are for [`Condition::visit_mut`].
    pub fn visit_mut(&mut self, see: &mut dyn FnMut(&mut Condition)) {
        let rules = &mut self.lifecycle;
        let lists = self
            .routes
            .iter_mut()
            .map(|route| &mut route.conditions)
            .chain([&mut self.scope.conditions, &mut self.protected])
            .chain(self.protections.iter_mut().map(|entry| &mut entry.conditions))
            .chain(self.profile.iter_mut().map(|rule| &mut rule.conditions))
            .chain(self.user_types.iter_mut().map(|rule| &mut rule.conditions))
            .chain(rules.end.iter_mut().map(|rule| &mut rule.conditions))
            .chain(rules.ended.iter_mut().map(|rule| &mut rule.conditions))
            .chain(rules.leave.iter_mut().map(|rule| &mut rule.conditions))
            .chain(self.flows.iter_mut().map(|flow| &mut flow.conditions))
            .chain(
                self.tables
                    .values_mut()
                    .filter_map(Arc::get_mut)
                    .flat_map(|table| table.rows.iter_mut().map(|row| &mut row.tests)),
            );
        for list in lists {
            list.iter_mut().for_each(&mut *see);
        }
    }
}

fn seal(files: &PolicyFiles) -> String {
    let mut hash = Sha256::new();
    let mut part = |text: &str| {
        // Lengths keep the parts apart.
        hash.update((text.len() as u64).to_be_bytes());
        hash.update(text.as_bytes());
    };
    part("lanyard policy 1");
    part(&files.toml.1);
    for (name, text) in &files.tables {
        part(name.trim_end_matches(".csv"));
        part(text);
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}
