//! Sign-in as the settings want it: the Okta client behind the question that `web` asks.

use std::{net::SocketAddr, path::Path, sync::Arc};

use anyhow::anyhow;
use jiff::SignedDuration;
use lanyard_engine::clock::Clock;
use lanyard_model::id::{SiteId, TenantId};
use lanyard_okta::{SignInClient, SignInProblem, SignInSettings as OktaSignIn};
use lanyard_web::access::{Ask, Grant, IdentityProvider, Person, ProviderFailure, Role, RoleRule, SignIn};
use lanyard_wire::Transport;

use crate::settings::{Settings, read_secret};

/// Okta, as `web` knows it.
struct Okta(SignInClient);

#[async_trait::async_trait]
impl IdentityProvider for Okta {
    async fn begin(&self, ask: &Ask) -> Result<String, ProviderFailure> {
        self.0.authorize_url(&ask.state, &ask.nonce, &ask.challenge()).await.map_err(failure)
    }

    async fn finish(&self, code: &str, ask: &Ask) -> Result<Person, ProviderFailure> {
        let person = self.0.finish(code, &ask.nonce, &ask.verifier).await.map_err(failure)?;
        Ok(Person { subject: person.subject, name: person.name, groups: person.groups })
    }

    fn label(&self) -> String {
        let issuer = self.0.issuer();
        issuer.split_once("://").map_or(issuer, |(_, rest)| rest.split('/').next().unwrap_or(rest)).to_owned()
    }
}

fn failure(problem: SignInProblem) -> ProviderFailure {
    match problem {
        SignInProblem::Unreachable(why) => ProviderFailure::Unreachable(why),
        SignInProblem::Refused(why) => ProviderFailure::Refused(why),
        SignInProblem::NotBelieved(why) => ProviderFailure::NotBelieved(why),
    }
}

/// Sign-in of a settings file. Nothing is called yet.
///
/// # Errors
/// A secret that cannot be read, a role that is none.
pub fn of(
    dir: &Path,
    settings: &Settings,
    address: SocketAddr,
    transport: &Arc<dyn Transport>,
    clock: &Arc<dyn Clock>,
) -> anyhow::Result<SignIn> {
    let Some(wanted) = &settings.sign_in else { return Ok(SignIn::default()) };
    let tenant = settings
        .tenants
        .iter()
        .find(|tenant| tenant.id == wanted.tenant)
        .ok_or_else(|| anyhow!("[sign_in] names the tenant {}, which is not set up", wanted.tenant))?;
    let base = settings.public_url.clone().unwrap_or_else(|| format!("http://{address}"));
    let client = SignInClient::new(
        OktaSignIn {
            issuer: wanted.issuer.clone().unwrap_or_else(|| tenant.okta_url.trim_end_matches('/').to_owned()),
            client_id: wanted.client_id.clone(),
            client_secret: wanted
                .client_secret_file
                .as_ref()
                .map(|file| read_secret(dir, file))
                .transpose()?,
            redirect_uri: format!("{}/sign-in/callback", base.trim_end_matches('/')),
        },
        Arc::clone(transport),
        Arc::clone(clock),
    );
    let rules = wanted.roles.iter().map(|rule| {
        let role = Role::parse(&rule.role)
            .filter(|role| *role != Role::Metrics)
            .ok_or_else(|| anyhow!("{:?} is no role for people", rule.role))?;
        Ok(RoleRule {
            group: rule.group.clone(),
            grant: Grant {
                role,
                tenants: rule.tenants.iter().map(|id| TenantId::new(id.as_str())).collect(),
                sites: rule.sites.iter().map(|id| SiteId::new(id.as_str())).collect(),
            },
        })
    });
    let rules = rules.collect::<anyhow::Result<Vec<_>>>()?;
    let sign_in = SignIn::with_provider(Arc::new(Okta(client)), TenantId::new(wanted.tenant.as_str()), rules);
    Ok(sign_in.with_idle_max(SignedDuration::from_secs(i64::from(wanted.idle_seconds))))
}
