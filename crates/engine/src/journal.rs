//! Journal lines, made in one way.

use jiff::Timestamp;
use lanyard_model::id::{IdentityId, SiteId, TenantId};
use serde_json::Value;

use crate::ports::{Entry, Finding, Severity, Write};

/// A line under construction.
pub struct Line(Entry);

/// A line of a tenant's journal, for information, about nobody and no site, without detail or data. `title`, `detail` and `data`
/// are hashed into the tree and never erased: names of people go into [`Line::about`] or [`Line::person`].
pub fn line(tenant: &TenantId, at: Timestamp, kind: &str, title: impl Into<String>) -> Line {
    Line(Entry {
        tenant: tenant.clone(),
        at,
        kind: kind.to_owned(),
        identity: None,
        site: None,
        person: None,
        severity: Severity::Info,
        title: title.into(),
        detail: String::new(),
        data: Value::Null,
    })
}

/// A line about a finding: its kind and key. What it says goes into the hashed text only where it is about the control itself;
/// about a person, it stands in what erasure forgets, and ends its first line there, so that it is no name.
pub(crate) fn finding_line(tenant: &TenantId, at: Timestamp, before: &str, finding: &Finding) -> Line {
    let (kind, key) = (&finding.kind, &finding.key);
    let mut entry = match finding.may_name_people() {
        true => line(tenant, at, "finding", format!("{before}{kind} {key}")),
        false => line(tenant, at, "finding", format!("{before}{}", finding.title)),
    };
    if let Some(identity) = &finding.identity {
        entry = entry.about(identity, &format!("{}\n{}", finding.title, finding.detail));
    }
    if let Some(site) = &finding.site {
        entry = entry.site(site);
    }
    entry.severity(finding.severity)
}

impl Line {
    /// About somebody in Okta; `person` is what erasure forgets of them.
    #[must_use]
    pub fn about(self, identity: &IdentityId, person: &str) -> Self {
        let mut line = self.person(person);
        line.0.identity = Some(identity.clone());
        line
    }

    /// By or about somebody of whom only a name is known.
    #[must_use]
    pub fn person(mut self, person: &str) -> Self {
        self.0.person = Some(person.to_owned());
        self
    }

    #[must_use]
    pub fn site(mut self, site: &SiteId) -> Self {
        self.0.site = Some(site.clone());
        self
    }

    #[must_use]
    pub fn severity(mut self, severity: Severity) -> Self {
        self.0.severity = severity;
        self
    }

    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.0.detail = detail.into();
        self
    }

    #[must_use]
    pub fn data(mut self, data: Value) -> Self {
        self.0.data = data;
        self
    }

    /// As it goes into a batch of writes.
    pub fn write(self) -> Write {
        Write::Journal(Box::new(self.0))
    }

    /// As it goes along with another write.
    pub fn entry(self) -> Entry {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A finding of this kind, and its line as it is kept: hashed text and erasable text.
    fn told(kind: &str, key: &str, user: Option<&str>, title: &str) -> (String, String, Option<String>) {
        let tenant = TenantId::new("acme");
        let finding = Finding {
            key: key.into(),
            kind: kind.into(),
            severity: Severity::Warning,
            tenant: Some(tenant.clone()),
            site: None,
            identity: user.map(|user| IdentityId::new(tenant.clone(), user)),
            title: title.into(),
            detail: "for Ana Silva".into(),
            fix: None,
            count: None,
            since: Timestamp::UNIX_EPOCH,
        };
        let Line(entry) = finding_line(&tenant, finding.since, "put away: ", &finding);
        (entry.title, entry.detail, entry.person)
    }

    #[test]
    fn what_a_finding_says_of_somebody_is_not_in_the_hashed_text() {
        let key = "visits:acme/ana:hq:left";
        let title = format!("put away: visits {key}");
        let words = "Ana Silva: 1 announced visit\nfor Ana Silva";
        let visits = told("visits", key, Some("ana"), "Ana Silva: 1 announced visit");
        assert_eq!(visits, (title, String::new(), Some(words.into())));
        // Nobody in Okta: there is nobody whose words could be forgotten, so they are not written down.
        let orphan = told("orphan", "orphan:hq:9", None, "Ana Silva has an account in hq and nobody in Okta");
        assert_eq!(orphan, ("put away: orphan orphan:hq:9".into(), String::new(), None));
        let hook =
            told("hook", "hook-foreign:acme", None, "acme: an event hook delivery came from elsewhere");
        assert_eq!(hook.0, "put away: acme: an event hook delivery came from elsewhere");
    }
}
