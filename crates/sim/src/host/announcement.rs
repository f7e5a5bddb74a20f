//! What a started host tells the world: one JSON object with addresses and credentials.

use serde::{Deserialize, Serialize};

/// Where everything is. Serialises to `{"okta":{…},"ioffice":{…},"control":{"url"}}`, `badge` when there is a badge
/// system, and `more` when there are several orgs or sites.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Announcement {
    /// The first org.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub okta: Option<OktaPlace>,
    /// The first site.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ioffice: Option<IofficePlace>,
    pub control: ControlPlace,
    /// The badge system, where one was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub badge: Option<BadgePlace>,
    /// Further orgs, then further sites.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub more: Vec<More>,
}

/// An Okta org.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OktaPlace {
    pub url: String,
    pub ssws: String,
    pub client_id: String,
    pub private_key_pem: String,
    pub kid: String,
}

/// An iOffice site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IofficePlace {
    pub url: String,
    pub username: String,
    pub password: String,
}

/// A badge system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BadgePlace {
    /// Messages go to `/webhook` below it, SCIM to `/scim/v2`, lists to `/drop/NAME.csv`.
    pub url: String,
    /// `whsec_…`, as Standard Webhooks writes it.
    pub webhook_secret: String,
    /// Bearer token for SCIM and the drop.
    pub token: String,
}

/// The control endpoint, which belongs to neither vendor.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ControlPlace {
    pub url: String,
}

/// A further org or site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum More {
    Okta(OktaPlace),
    Ioffice(IofficePlace),
}

impl Announcement {
    pub(super) fn of(okta: Vec<OktaPlace>, ioffice: Vec<IofficePlace>, control: String) -> Self {
        let (mut okta, mut ioffice) = (okta.into_iter(), ioffice.into_iter());
        Self {
            okta: okta.next(),
            ioffice: ioffice.next(),
            control: ControlPlace { url: control },
            badge: None,
            more: okta.map(More::Okta).chain(ioffice.map(More::Ioffice)).collect(),
        }
    }

    /// Every org, the first one first.
    pub fn orgs(&self) -> impl Iterator<Item = &OktaPlace> {
        self.okta.iter().chain(self.more.iter().filter_map(|more| match more {
            More::Okta(place) => Some(place),
            More::Ioffice(_) => None,
        }))
    }

    /// Every site, the first one first.
    pub fn sites(&self) -> impl Iterator<Item = &IofficePlace> {
        self.ioffice.iter().chain(self.more.iter().filter_map(|more| match more {
            More::Ioffice(place) => Some(place),
            More::Okta(_) => None,
        }))
    }
}
