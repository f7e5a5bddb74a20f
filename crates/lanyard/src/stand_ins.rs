//! Starts the stand-ins for `sim`, `demo` and `bench`: a company from a seed behind sockets.

use std::{net::SocketAddr, sync::Arc};

use anyhow::{Context, anyhow};
use lanyard_sim::{
    clock::SimClock,
    face::Face,
    faults::FaultScript,
    host::{AdjustableClock, Host, HostSettings, IofficeStand, OktaStand, Running},
    ioffice::{IofficeFace, IofficeSettings},
    okta::{KeyKind, KeyPair, OktaFace, OktaSettings, Role, ServiceApp},
    world::{Accounts, Company, WorldSettings},
};
use rand::RngExt as _;

/// What to start.
pub struct StandIns {
    pub people: u32,
    pub seed: u64,
    pub orgs: u16,
    pub sites: u16,
    pub accounts: Accounts,
    pub now: jiff::Timestamp,
    pub okta: SocketAddr,
    pub ioffice: SocketAddr,
    pub faults: FaultScript,
    pub tls: bool,
    pub clock: Arc<dyn SimClock>,
    pub adjustable: Option<Arc<AdjustableClock>>,
    /// The stand-ins' own rate limits.
    pub limits: bool,
    pub preset: String,
}

/// Running stand-ins with the company they were drawn from.
pub struct Started {
    pub company: Company,
    pub running: Running,
}

impl StandIns {
    /// Generates the company and serves it.
    ///
    /// # Errors
    /// An address that cannot be bound, an unknown preset, a failing key generator.
    pub async fn start(self) -> anyhow::Result<Started> {
        let company = Company::generate(&WorldSettings {
            seed: self.seed,
            people: self.people,
            orgs: self.orgs,
            sites: self.sites,
            now: self.now,
            accounts: self.accounts,
        });
        let mut okta = Vec::new();
        for (index, org) in company.orgs.iter().enumerate() {
            let mut settings =
                OktaSettings { seed: self.seed.wrapping_add(index as u64), ..OktaSettings::default() };
            settings.quotas.enforced = self.limits;
            let mut face = OktaFace::from_world(settings, org, self.now);
            let ssws = format!("00{}", secret());
            face.add_api_token(&ssws, "Lanyard", None, Role::Super);
            let pair = KeyPair::generate(KeyKind::Rsa2048).map_err(|text| anyhow!(text))?;
            let app = ServiceApp {
                client_id: String::new(),
                label: "Lanyard".into(),
                keys: vec![pair.public_jwk.clone()],
                scopes: SCOPES.iter().map(|&scope| scope.to_owned()).collect(),
                role: Role::Super,
                dpop_required: false,
                active: true,
            };
            let client_id = face.add_service_app(app);
            okta.push(OktaStand {
                address: next_port(self.okta, index)?,
                face: Box::new(face) as Box<dyn Face>,
                ssws,
                client_id,
                private_key_pem: pair.private_pem.clone(),
                kid: pair.kid.clone(),
            });
        }
        let mut ioffice = Vec::new();
        for (index, site) in company.sites.iter().enumerate() {
            let mut settings = IofficeSettings::preset(&self.preset).map_err(|text| anyhow!(text))?;
            settings.load_limits &= self.limits;
            settings.service_password = secret();
            let (username, password) =
                (settings.service_user_name.clone(), settings.service_password.clone());
            let face = IofficeFace::from_world(site, settings);
            ioffice.push(IofficeStand {
                address: next_port(self.ioffice, index)?,
                face: Box::new(face) as Box<dyn Face>,
                username,
                password,
            });
        }
        let running = Host::start(HostSettings {
            okta,
            ioffice,
            faults: self.faults,
            clock: self.clock,
            adjustable: self.adjustable,
            tls: self.tls,
            ..HostSettings::default()
        })
        .await
        .context("the stand-ins could not be started")?;
        Ok(Started { company, running })
    }
}

/// Scopes granted to the service app of a stand-in org.
const SCOPES: &[&str] = &[
    "okta.users.read",
    "okta.users.manage",
    "okta.groups.read",
    "okta.groups.manage",
    "okta.logs.read",
    "okta.eventHooks.read",
    "okta.eventHooks.manage",
    "okta.apps.read",
    "okta.apps.manage",
    "okta.schemas.read",
    "okta.userTypes.read",
    "okta.principalRateLimits.read",
];

/// Port 0 stays 0; a given port counts upwards for further orgs and sites.
fn next_port(first: SocketAddr, index: usize) -> anyhow::Result<SocketAddr> {
    if first.port() == 0 {
        return Ok(first);
    }
    let port = u16::try_from(usize::from(first.port()) + index)
        .context("no port is left for further orgs or sites")?;
    Ok(SocketAddr::new(first.ip(), port))
}

fn secret() -> String {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let mut rng = rand::rng();
    (0..40).map(|_| char::from(LETTERS[rng.random_range(0..LETTERS.len())])).collect()
}
