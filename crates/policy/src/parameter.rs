//! Parameters: texts that rules and tables name as `${name}`, with one value for everybody and others that a site, a tenant,
//! or a tenant's people in one site may set. An overlay may set what is declared and nothing else: that is what keeps many
//! sites from drifting apart.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};

use lanyard_model::id::{SiteId, TenantId};

use crate::{
    document::{Centers, CostCenter, Document, DoorArea, Kind, Outcome, PlaceNames, Source},
    problem::{Findings, Spot, nearest},
    reader::{Section, Value},
    table::RowOut,
};

/// `[parameters]` and `[[overlay]]`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Parameters {
    /// Name to value, with the place of the declaration.
    declared: BTreeMap<String, (String, Spot)>,
    overlays: BTreeMap<Whose, BTreeMap<String, (String, Spot)>>,
}

/// Whom an overlay is about; at least one of both is named.
type Whose = (Option<SiteId>, Option<TenantId>);

/// What parameters stand for.
pub(crate) type Values = BTreeMap<String, String>;

/// Where a parameter begins and ends.
const OPEN: &str = "${";
const CLOSE: char = '}';

/// The names in a text.
fn named(text: &str) -> impl Iterator<Item = &str> {
    text.split(OPEN).skip(1).filter_map(|rest| rest.split_once(CLOSE)).map(|(name, _)| name.trim())
}

impl Parameters {
    pub fn read(root: &Section<'_>, document: &Document) -> Self {
        let mut found = Self::default();
        if let Some(section) = root.section("parameters") {
            for (name, value) in section.entries() {
                let spot = section.report.spot(name.span.clone());
                if name.value.contains(CLOSE) || name.value.trim() != name.value || name.value.is_empty() {
                    let message = format!("\"{}\" cannot be the name of a parameter", name.value);
                    section.report.error(
                        &name.span,
                        message,
                        Some("letters, digits and blanks inside".into()),
                    );
                }
                if let Some(text) = value.text() {
                    found.declared.insert(name.value, (text.value, spot));
                }
            }
        }
        let sites: BTreeSet<&SiteId> = document.routes.iter().map(|route| &route.site).collect();
        let tenants = document.tenants_named();
        for overlay in root.sections("overlay") {
            let (site, tenant) = (overlay.text("site"), overlay.text("tenant"));
            if let Some(site) = &site
                && !sites.iter().any(|known| known.as_str() == site.value)
            {
                let fix = nearest(&site.value, sites.iter().map(|site| site.as_str()));
                overlay.report.error(&site.span, format!("no route leads to \"{}\"", site.value), fix);
            }
            if let Some(tenant) = &tenant
                && !tenants.iter().any(|known| known.as_str() == tenant.value)
            {
                let fix = nearest(&tenant.value, tenants.iter().map(|tenant| tenant.as_str()));
                overlay.report.error(
                    &tenant.span,
                    format!("the policy names no tenant \"{}\"", tenant.value),
                    fix,
                );
            }
            if site.is_none()
                && tenant.is_none()
                && overlay.get("site").is_none()
                && overlay.get("tenant").is_none()
            {
                overlay.error(
                    "for whom is this overlay?",
                    Some("add site = \"…\", tenant = \"…\", or both".into()),
                );
            }
            let values = overlay.section("set");
            if values.is_none() && overlay.get("set").is_none() {
                overlay.missing("set");
            }
            overlay.finish();
            let Some(values) = values.filter(|_| site.is_some() || tenant.is_some()) else { continue };
            let whose = (
                site.map(|site| SiteId::new(site.value.as_str())),
                tenant.map(|tenant| TenantId::new(tenant.value.as_str())),
            );
            let own = found.overlays.entry(whose).or_default();
            for (name, value) in values.entries() {
                set(&found.declared, own, &name.value, &name.span, &value);
            }
        }
        found
    }

    /// Tenants that have values of their own.
    pub fn tenants(&self) -> BTreeSet<&TenantId> {
        self.overlays.keys().filter_map(|(_, tenant)| tenant.as_ref()).collect()
    }

    /// A site and a tenant that both set a parameter leave open which one counts, unless an overlay names both.
    fn clashes(&self, document: &Document, findings: &mut Findings) {
        for ((_, tenant), own) in self.overlays.iter().filter(|((site, _), _)| site.is_none()) {
            for ((site, _), others) in self.overlays.iter().filter(|((_, tenant), _)| tenant.is_none()) {
                let leads = |route: &crate::document::Route| {
                    Some(&route.site) == site.as_ref()
                        && (route.tenant.is_none() || route.tenant.as_ref() == tenant.as_ref())
                };
                let both = self.overlays.get(&(site.clone(), tenant.clone()));
                let (Some(site), Some(tenant)) = (site, tenant) else { continue };
                for (name, (_, spot)) in own.iter().filter(|(name, _)| others.contains_key(*name)) {
                    if both.is_some_and(|both| both.contains_key(name)) || !document.routes.iter().any(leads)
                    {
                        continue;
                    }
                    let fix = format!(
                        "add [[overlay]] with site = \"{site}\", tenant = \"{tenant}\" and the value that counts there"
                    );
                    let message = format!(
                        "site {site} and tenant {tenant} both set \"{name}\": which one counts there?"
                    );
                    findings.error(spot, message, Some(fix));
                }
            }
        }
    }

    /// What is set for a tenant's people in a site, or there for those of tenants without values of their own. The most
    /// particular one comes last, and counts.
    fn overlaid(&self, site: &SiteId, tenant: Option<&TenantId>) -> Vec<&BTreeMap<String, (String, Spot)>> {
        let (here, theirs) = (Some(site.clone()), tenant.cloned());
        let mut whose = vec![(here.clone(), None)];
        if theirs.is_some() {
            whose.extend([(None, theirs.clone()), (here, theirs)]);
        }
        whose.iter().filter_map(|whose| self.overlays.get(whose)).collect()
    }

    /// The values that count in a site, for a tenant's people or for those of tenants without values of their own.
    pub fn of(&self, site: &SiteId, tenant: Option<&TenantId>) -> Values {
        let own = self.overlaid(site, tenant);
        let value = |name: &String, usual: &String| {
            own.iter()
                .rev()
                .find_map(|own| own.get(name))
                .map_or_else(|| usual.clone(), |(set, _)| set.clone())
        };
        self.declared.iter().map(|(name, (usual, _))| (name.clone(), value(name, usual))).collect()
    }

    /// The same for people, and which values are set there and do not come from the declaration.
    pub fn told(&self, site: &SiteId, tenant: &TenantId) -> (Values, BTreeSet<String>) {
        let set = self.overlaid(site, Some(tenant)).into_iter().flat_map(BTreeMap::keys).cloned();
        (self.of(site, Some(tenant)), set.collect())
    }

    /// Parameters that are named and not declared are errors, at the place that names them; those that nobody names are
    /// warnings.
    pub fn check(&self, document: &Document, findings: &mut Findings) {
        let mut used: BTreeSet<&str> = BTreeSet::new();
        let mut see = |text: &'_ str, spot: &Spot| {
            for name in named(text) {
                match self.declared.get_key_value(name) {
                    Some((known, _)) => _ = used.insert(known.as_str()),
                    None => {
                        let fix = nearest(name, self.declared.keys().map(String::as_str))
                            .unwrap_or_else(|| format!("declare it: [parameters] \"{name}\" = \"…\""));
                        findings.error(spot, format!("there is no parameter \"{name}\""), Some(fix));
                    }
                }
            }
        };
        for outcome in document.flows.iter().flat_map(|flow| flow.gives.iter().chain(&flow.never)) {
            texts(outcome, &mut |text| see(text, &outcome.spot));
        }
        for row in document.tables.values().flat_map(|table| &table.rows) {
            row_texts(&row.out, &mut |text| see(text, &row.spot));
        }
        for rule in &document.profile {
            if let Source::Constant(text) = &rule.from {
                see(text, &rule.spot);
            }
        }
        for rule in &document.user_types {
            see(&rule.name, &rule.spot);
        }
        self.clashes(document, findings);
        for (name, (_, spot)) in &self.declared {
            if !used.contains(name.as_str()) {
                let fix = format!("write ${{{name}}} in an outcome or a table, or remove it");
                findings.warning(spot, format!("nothing names the parameter \"{name}\""), Some(fix));
            }
        }
    }
}

fn set(
    declared: &BTreeMap<String, (String, Spot)>,
    own: &mut BTreeMap<String, (String, Spot)>,
    name: &str,
    span: &std::ops::Range<usize>,
    value: &Value<'_>,
) {
    if !declared.contains_key(name) {
        let fix = nearest(name, declared.keys().map(String::as_str))
            .unwrap_or_else(|| "declare it in [parameters] with the value that counts elsewhere".into());
        let message = format!("an overlay may only set what [parameters] declares, and \"{name}\" is not");
        value.report.error(span, message, Some(fix));
    }
    let Some(text) = value.text() else { return };
    let spot = value.report.spot(span.clone());
    if own.insert(name.to_owned(), (text.value, spot)).is_some() {
        value.report.error(
            span,
            format!("\"{name}\" is set twice for the same site or tenant"),
            Some("remove one of the two".into()),
        );
    }
}

fn place_texts(place: &PlaceNames, see: &mut dyn FnMut(&str)) {
    let lists = [&place.floors, &place.kinds, &place.rooms];
    place.building.iter().chain(&place.section).chain(lists.into_iter().flatten()).for_each(|text| see(text));
}

/// Calls `see` with every text of the outcome that may name a parameter.
fn texts(outcome: &Outcome, see: &mut dyn FnMut(&str)) {
    match &outcome.kind {
        Kind::Place { place, otherwise, .. } => {
            place_texts(place, see);
            otherwise.iter().for_each(|(_, text)| see(text));
        }
        Kind::Role { centers: Centers::Named(names), .. } => names.iter().for_each(|text| see(text)),
        Kind::Role { centers: Centers::Serving(module) | Centers::Everywhere(module), .. } => see(module),
        Kind::Booking { title, kinds, .. } => {
            see(title);
            kinds.iter().for_each(|text| see(text));
        }
        Kind::Visit { visitor_type, notes, .. } => {
            visitor_type.iter().for_each(|text| see(text));
            see(notes);
        }
        Kind::ToDo { what, how, .. } => {
            see(what);
            see(how);
        }
        Kind::Door(areas) => areas.iter().for_each(|area| {
            if let DoorArea::Named(name) = area {
                see(name);
            }
        }),
        Kind::Item { name, .. } | Kind::CostCenter(CostCenter::Named(name)) => see(name),
        _ => {}
    }
}

/// Calls `see` with every text of a row that may name a parameter.
fn row_texts(out: &RowOut, see: &mut dyn FnMut(&str)) {
    let roles = out.roles.iter().flat_map(|(_, names)| names);
    let all = out.cost_center.iter().chain(&out.items).chain(&out.doors).chain(&out.value).chain(roles);
    all.for_each(|text| see(text));
    place_texts(&out.place, see);
}

/// Whether any of these texts names a parameter: then what it is called differs from site to site.
pub(crate) fn is_named_in(outcome: &Outcome) -> bool {
    let mut found = false;
    texts(outcome, &mut |text| found |= named(text).next().is_some());
    found
}

/// As [`is_named_in`], of a row.
pub(crate) fn is_named_in_row(out: &RowOut) -> bool {
    let mut found = false;
    row_texts(out, &mut |text| found |= named(text).next().is_some());
    found
}

/// The text with the site's values in it. What is not declared stays; the linter has said so.
pub(crate) fn filled<'t>(text: &'t str, values: &Values) -> Cow<'t, str> {
    if !text.contains(OPEN) {
        return Cow::Borrowed(text);
    }
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(OPEN) {
        out.push_str(before);
        match after.split_once(CLOSE).and_then(|(name, behind)| Some((values.get(name.trim())?, behind))) {
            Some((value, behind)) => {
                out.push_str(value.as_str());
                rest = behind;
            }
            None => {
                out.push_str(OPEN);
                rest = after;
            }
        }
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// A place with the site's values in it.
pub(crate) fn filled_place(place: &PlaceNames, values: &Values) -> PlaceNames {
    let one = |text: &String| filled(text, values).into_owned();
    let all = |list: &Vec<String>| list.iter().map(one).collect();
    PlaceNames {
        building: place.building.as_ref().map(one),
        floors: all(&place.floors),
        kinds: all(&place.kinds),
        section: place.section.as_ref().map(one),
        rooms: all(&place.rooms),
    }
}

#[cfg(test)]
mod tests {
    use super::filled;

    #[test]
    fn names_are_replaced_once() {
        let values = [("floor", "Level 1"), ("self", "${floor}")];
        let values = values.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        for (text, whole) in [
            ("plain", "plain"),
            ("${floor}", "Level 1"),
            ("a ${ floor } b ${floor}", "a Level 1 b Level 1"),
            ("${other} ${floor", "${other} ${floor"),
            ("${self}", "${floor}"),
        ] {
            assert_eq!(filled(text, &values), whole, "{text}");
        }
    }
}
