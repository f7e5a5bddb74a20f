//! Which org answers, and which hosts are its own (contract §1). Needs no credential.

use bytes::Bytes;
use http::header::ACCEPT;
use http::{HeaderValue, Request};
use lanyard_model::signal::Lane;
use serde_json::Value;
use url::Url;

use crate::client::{Core, OktaClient, Route, lock};
use crate::json;
use crate::listing::authority;
use crate::problem::{Problem, classify};
use crate::settings::admin_host;

const ORGANIZATION: Route = Route { endpoint: "GET /.well-known/okta-organization", bucket: "well-known" };

/// What an org says about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Organization {
    /// Immutable id of the org.
    pub id: String,
    /// `idx`, or `v1` for Classic.
    pub pipeline: String,
    /// Host of the org's own address.
    pub host: Option<String>,
    /// Host of its custom domain.
    pub alternate: Option<String>,
}

impl OktaClient {
    /// Asks which org this is, and extends the hosts that links may name by what it says.
    ///
    /// # Errors
    /// Any passing [`Problem`], or [`Problem::Malformed`].
    pub async fn organization(&self) -> Result<Organization, Problem> {
        self.core.organization().await
    }
}

impl Core {
    pub(crate) async fn organization(&self) -> Result<Organization, Problem> {
        let what = "the organization";
        let url = self.org().join("/.well-known/okta-organization");
        let mut attempt = 1;
        let answer = loop {
            let build = || {
                let mut request = Request::new(Bytes::new());
                *request.uri_mut() = url.as_str().parse().map_err(|_| Problem::Malformed {
                    what: what.to_owned(),
                    reason: "no usable address".to_owned(),
                })?;
                request.headers_mut().insert(ACCEPT, HeaderValue::from_static("application/json"));
                Ok(request)
            };
            let problem = match self.send_once(ORGANIZATION, Lane::Normal, build).await {
                Ok(answer) if answer.status().is_success() => break answer,
                Ok(answer) => classify(answer.status(), answer.headers(), answer.body(), what, || {
                    self.note_throttle(ORGANIZATION, answer.headers())
                }),
                Err(problem) => problem,
            };
            if !problem.is_passing() || attempt >= self.limits().attempts_max {
                return Err(problem);
            }
            self.back_off(attempt).await;
            attempt += 1;
        };
        let body: Value = serde_json::from_slice(answer.body())
            .map_err(|e| Problem::Malformed { what: what.to_owned(), reason: e.to_string() })?;
        let host_of = |link: &str| {
            let href = json::text_at(&body, &["_links", link, "href"])?;
            Url::parse(&href).ok().map(|u| authority(&u)).filter(|h| !h.is_empty())
        };
        let organization = Organization {
            id: json::text(&body, "id").unwrap_or_default(),
            pipeline: json::text(&body, "pipeline").unwrap_or_default(),
            host: host_of("organization"),
            alternate: host_of("alternate"),
        };
        let mut hosts = lock(&self.hosts);
        hosts.asked = true;
        hosts.known.extend(organization.host.iter().filter_map(|h| admin_host(h)));
        hosts.known.extend([&organization.host, &organization.alternate].into_iter().flatten().cloned());
        Ok(organization)
    }
}
