//! Journal lines, made in one way.

use jiff::Timestamp;
use lanyard_model::id::{IdentityId, SiteId, TenantId};
use serde_json::Value;

use crate::ports::{Entry, Severity, Write};

/// A line under construction.
pub(crate) struct Line(Entry);

pub(crate) fn line(tenant: &TenantId, at: Timestamp, kind: &str, title: impl Into<String>) -> Line {
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

impl Line {
    pub(crate) fn about(mut self, identity: &IdentityId, person: &str) -> Self {
        self.0.identity = Some(identity.clone());
        self.0.person = Some(person.to_owned());
        self
    }

    pub(crate) fn site(mut self, site: &SiteId) -> Self {
        self.0.site = Some(site.clone());
        self
    }

    pub(crate) fn severity(mut self, severity: Severity) -> Self {
        self.0.severity = severity;
        self
    }

    pub(crate) fn detail(mut self, detail: impl Into<String>) -> Self {
        self.0.detail = detail.into();
        self
    }

    pub(crate) fn data(mut self, data: Value) -> Self {
        self.0.data = data;
        self
    }

    pub(crate) fn write(self) -> Write {
        Write::Journal(Box::new(self.0))
    }
}
