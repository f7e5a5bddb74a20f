//! The definitions of a target's fields, as they were when a list was read: their hash stands in the list's certificate, and
//! what has changed since the last one is told.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use lanyard_model::coverage::{Evidence, Schema};
use sha2::{Digest as _, Sha256};

use crate::{
    Engine,
    ports::{Finding, PortFailure, Severity, StoreFailure, Write},
    sweep::SweepScope,
};

/// Fields by name, with their types.
pub type Fields = BTreeMap<String, String>;

/// Characters of a hash: enough that two schemas of one target never share one.
const HASH_CHARS: usize = 16;

/// Where the definitions of a tenant's or site's fields are kept, as JSON by name.
pub fn key(scope: &SweepScope) -> String {
    format!("schema:{}", scope.key())
}

fn hash(fields: &Fields) -> String {
    let mut sealing = Sha256::new();
    for part in fields.iter().flat_map(|(name, kind)| [name, kind]) {
        sealing.update((part.len() as u64).to_be_bytes());
        sealing.update(part.as_bytes());
    }
    let mut text = format!("{:x}", sealing.finalize());
    text.truncate(HASH_CHARS);
    text
}

/// What could be read of the definitions. Without them a list counts all the same: a credential need not see them.
pub(crate) fn read(scope: &str, answer: Result<Fields, PortFailure>) -> Option<Fields> {
    match answer {
        Ok(fields) => Some(fields).filter(|fields| !fields.is_empty()),
        Err(failure) => {
            tracing::info!(scope, %failure, "the definitions of the fields could not be read");
            None
        }
    }
}

/// Puts into the evidence of a list what was defined before and after it.
pub(crate) fn note(evidence: &mut Evidence, before: Option<&Fields>, after: Option<&Fields>) {
    evidence.schema = before.zip(after).map(|(before, after)| Schema {
        before: hash(before),
        after: hash(after),
        fields: u32::try_from(after.len()).unwrap_or(u32::MAX),
    });
}

/// What one set of definitions has and the other has not, in words, and the names of what went or changed.
fn differences(before: &Fields, after: &Fields) -> (String, BTreeSet<String>) {
    let came: Vec<&str> =
        after.keys().filter(|name| !before.contains_key(*name)).map(String::as_str).collect();
    let went: Vec<&str> =
        before.keys().filter(|name| !after.contains_key(*name)).map(String::as_str).collect();
    let turned: Vec<(&str, String)> = before
        .iter()
        .filter_map(|(name, was)| {
            let is = after.get(name).filter(|is| *is != was)?;
            Some((name.as_str(), format!("{name} was {was} and is {is}")))
        })
        .collect();
    let mut words = Vec::new();
    for (what, names) in [("came", &came), ("went", &went)] {
        if !names.is_empty() {
            words.push(format!("{what}: {}", names.join(", ")));
        }
    }
    words.extend(turned.iter().map(|(_, said)| said.clone()));
    let hurt = went.iter().copied().chain(turned.iter().map(|(name, _)| *name)).map(str::to_owned);
    (words.join("; "), hurt.collect())
}

impl Engine {
    /// Remembers the definitions of a tenant or site, and tells what has changed since they were last remembered. `named`
    /// are the fields that policy rests on.
    pub(crate) async fn definition_writes(
        &self,
        scope: &SweepScope,
        fields: Option<&Fields>,
        named: &BTreeSet<String>,
        now: Timestamp,
    ) -> Result<Vec<Write>, StoreFailure> {
        let Some(fields) = fields else { return Ok(Vec::new()) };
        let kept = self.store.meta(&key(scope)).await?;
        let before: Option<Fields> = kept.and_then(|text| serde_json::from_str(&text).ok());
        let value = serde_json::to_string(fields).unwrap_or_default();
        let remembered = Write::Meta { key: key(scope), value };
        let Some(before) = before else { return Ok(vec![remembered]) };
        if before == *fields {
            return Ok(vec![Write::FindingOver { key: key(scope), at: now }]);
        }
        let (said, hurt) = differences(&before, fields);
        let used: Vec<&str> = hurt.iter().filter(|name| named.contains(*name)).map(String::as_str).collect();
        let (severity, detail) = match (hurt.is_empty(), used.is_empty()) {
            (true, _) => (Severity::Info, said),
            (false, true) => {
                (Severity::Warning, format!("{said}. Policy names none of what went or changed."))
            }
            (false, false) => (Severity::Warning, format!("{said}. Policy names {}.", used.join(", "))),
        };
        let told = Finding {
            key: key(scope),
            kind: "schema".into(),
            severity,
            tenant: scope.tenant.clone(),
            site: scope.site.clone(),
            identity: None,
            title: format!("{scope}: the definitions of its fields changed"),
            detail,
            fix: Some("check that this was meant; policy lint shows what rules name and is not there".into()),
            count: None,
            since: now,
        };
        Ok(vec![remembered, Write::Finding(Box::new(told))])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(all: &[(&str, &str)]) -> Fields {
        all.iter().map(|(name, kind)| ((*name).to_owned(), (*kind).to_owned())).collect()
    }

    #[test]
    fn a_tenant_and_a_site_of_one_name_are_two() {
        let (tenant, site) = (SweepScope::of_tenant(&"main".into()), SweepScope::of_site(&"main".into()));
        assert_eq!((key(&tenant).as_str(), key(&site).as_str()), ("schema:main", "schema:site:main"));
        assert_ne!(crate::sweep::unread_key(&tenant), crate::sweep::unread_key(&site));
    }

    #[test]
    fn a_hash_names_the_fields_and_their_types() {
        let one = hash(&fields(&[("a", "string"), ("b", "boolean")]));
        assert_eq!(one.len(), HASH_CHARS);
        assert_eq!(one, hash(&fields(&[("b", "boolean"), ("a", "string")])));
        assert_ne!(one, hash(&fields(&[("a", "string"), ("b", "string")])));
        assert_ne!(
            hash(&fields(&[("ab", "c")])),
            hash(&fields(&[("a", "bc")])),
            "names and types do not run together"
        );
    }

    #[test]
    fn what_came_what_went_and_what_turned_is_said() {
        let before = fields(&[("grade", "string"), ("start", "string"), ("title", "string")]);
        let after = fields(&[("badge", "string"), ("start", "integer"), ("title", "string")]);
        let (said, hurt) = differences(&before, &after);
        assert_eq!(said, "came: badge; went: grade; start was string and is integer");
        assert_eq!(hurt.into_iter().collect::<Vec<_>>(), ["grade", "start"]);
    }
}
