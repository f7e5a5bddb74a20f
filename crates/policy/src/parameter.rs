//! Parameters: texts that rules and tables name as `${name}`, with one value for everybody and others that a site may set.
//! An overlay may set what is declared and nothing else: that is what keeps many sites from drifting apart.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};

use lanyard_model::id::SiteId;

use crate::{
    document::{Centers, CostCenter, Document, Kind, Outcome, PlaceNames},
    problem::{Findings, Spot, nearest},
    reader::{Section, Value},
};

/// `[parameters]` and `[[overlay]]`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Parameters {
    /// Name to value, with the place of the declaration.
    declared: BTreeMap<String, (String, Spot)>,
    overlays: BTreeMap<SiteId, BTreeMap<String, String>>,
}

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
        for overlay in root.sections("overlay") {
            let site = overlay.needed("site");
            if let Some(site) = &site
                && !sites.iter().any(|known| known.as_str() == site.value)
            {
                let fix = nearest(&site.value, sites.iter().map(|site| site.as_str()));
                overlay.report.error(&site.span, format!("no route leads to \"{}\"", site.value), fix);
            }
            let values = overlay.section("set");
            if values.is_none() && overlay.get("set").is_none() {
                overlay.missing("set");
            }
            overlay.finish();
            let (Some(site), Some(values)) = (site, values) else { continue };
            let own = found.overlays.entry(SiteId::new(site.value.as_str())).or_default();
            for (name, value) in values.entries() {
                set(&found.declared, own, &name.value, &name.span, &value);
            }
        }
        found
    }

    /// The values that count in a site.
    pub fn of(&self, site: &SiteId) -> BTreeMap<&str, &str> {
        let own = self.overlays.get(site);
        self.declared
            .iter()
            .map(|(name, (usual, _))| {
                let set = own.and_then(|own| own.get(name));
                (name.as_str(), set.map_or(usual.as_str(), String::as_str))
            })
            .collect()
    }

    /// The same for people, and which values are the site's own.
    pub fn told(&self, site: &SiteId) -> (BTreeMap<String, String>, BTreeSet<String>) {
        let text = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        let own = self.overlays.get(site).map(|own| own.keys().cloned().collect());
        (self.of(site).into_iter().map(text).collect(), own.unwrap_or_default())
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
            let roles = row.out.roles.iter().flat_map(|(_, names)| names);
            let all = row.out.cost_center.iter().chain(&row.out.items).chain(roles);
            all.for_each(|text| see(text, &row.spot));
            place_texts(&row.out.place, &mut |text| see(text, &row.spot));
        }
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
    own: &mut BTreeMap<String, String>,
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
    if own.insert(name.to_owned(), text.value).is_some() {
        value.report.error(
            span,
            format!("the site sets \"{name}\" twice"),
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
        Kind::Item { name, .. } | Kind::CostCenter(CostCenter::Named(name)) => see(name),
        _ => {}
    }
}

/// The text with the site's values in it. What is not declared stays; the linter has said so.
pub(crate) fn filled<'t>(text: &'t str, values: &BTreeMap<&str, &str>) -> Cow<'t, str> {
    if !text.contains(OPEN) {
        return Cow::Borrowed(text);
    }
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(OPEN) {
        out.push_str(before);
        match after.split_once(CLOSE).and_then(|(name, behind)| Some((values.get(name.trim())?, behind))) {
            Some((value, behind)) => {
                out.push_str(value);
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
pub(crate) fn filled_place(place: &PlaceNames, values: &BTreeMap<&str, &str>) -> PlaceNames {
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
        let values = [("floor", "Level 1"), ("self", "${floor}")].into();
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
