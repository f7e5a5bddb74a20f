//! A whole company behind sockets in one call: what `lanyard sim`, `lanyard demo` and end-to-end tests start from.

use std::{collections::BTreeSet, io, net::SocketAddr, path::PathBuf, sync::Arc};

use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use jiff::Timestamp;

use super::{AdjustableClock, BadgeStand, Host, HostSettings, IofficeStand, OktaStand, Running};
use crate::{
    badge::{BadgeFace, BadgeSettings},
    clock::{RealClock, SimClock},
    faults::FaultScript,
    ioffice::{IofficeFace, IofficeSettings},
    okta::{KeyKind, KeyPair, OidcApp, OktaFace, OktaSettings, Role, ServiceApp},
    world::{self, Company, WorldSettings},
};

/// Every scope that a workplace engine asks for, writes included.
pub const SCOPES: [&str; 14] = [
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
    "okta.clients.read",
    "okta.roles.read",
];

/// Client id of the web app that [`Rehearsal::console`] adds.
pub const CONSOLE_CLIENT: &str = "0oaconsole00000000aa";

/// A company, and how its orgs and sites are served.
pub struct Rehearsal {
    pub world: WorldSettings,
    /// For every org; the seed and the host of each are derived from the world.
    pub okta: OktaSettings,
    /// For every site; each gets a password of its own.
    pub ioffice: IofficeSettings,
    /// One per org, as far as given; the others take free ports on loopback.
    pub okta_addresses: Vec<SocketAddr>,
    /// One per site, likewise.
    pub ioffice_addresses: Vec<SocketAddr>,
    pub control: SocketAddr,
    pub clock: Arc<dyn SimClock>,
    /// Set when `clock` may be moved through the control endpoint.
    pub adjustable: Option<Arc<AdjustableClock>>,
    /// Whether the service apps demand DPoP proofs.
    pub dpop: bool,
    /// Redirect URI of a console whose people sign in: every org then has the public web app [`CONSOLE_CLIENT`], with
    /// all groups in its claim.
    pub console: Option<String>,
    pub tls: bool,
    pub faults: FaultScript,
    pub record: Option<PathBuf>,
    /// Whether a badge system is served too, and where.
    pub badge: Option<SocketAddr>,
    /// Its watched folder.
    pub badge_drop: Option<PathBuf>,
}

impl Default for Rehearsal {
    /// One org and one site of 200 people, real time, free ports on loopback, no faults.
    fn default() -> Self {
        let clock = RealClock;
        Self {
            world: WorldSettings { now: clock.now(), ..WorldSettings::default() },
            okta: OktaSettings::default(),
            ioffice: IofficeSettings::default(),
            okta_addresses: Vec::new(),
            ioffice_addresses: Vec::new(),
            control: loopback(),
            clock: Arc::new(clock),
            adjustable: None,
            dpop: false,
            console: None,
            tls: false,
            faults: FaultScript::default(),
            record: None,
            badge: None,
            badge_drop: None,
        }
    }
}

impl Rehearsal {
    /// Draws the company, serves it, and returns both. Credentials are fresh at each start; everything else comes from
    /// the seeds.
    ///
    /// # Errors
    /// When an address cannot be bound or a key cannot be made.
    pub async fn start(self) -> io::Result<(Company, Running)> {
        let company = Company::generate(&self.world);
        let running = self.serve(&company).await?;
        Ok((company, running))
    }

    /// Serves a company that was drawn or imported before.
    ///
    /// # Errors
    /// As [`Rehearsal::start`].
    pub async fn serve(self, company: &Company) -> io::Result<Running> {
        let mut okta = Vec::with_capacity(company.orgs.len());
        for (place, org) in company.orgs.iter().enumerate() {
            okta.push(self.okta_stand(org, place, owner(company, place), company.settings.now)?);
        }
        let mut ioffice = Vec::with_capacity(company.sites.len());
        for (place, site) in company.sites.iter().enumerate() {
            ioffice.push(self.ioffice_stand(site, place)?);
        }
        self.open(okta, ioffice).await
    }

    /// As [`Rehearsal::serve`], for who needs the company no more: each part of it is let go once its face is made, so
    /// that a large world is never held twice.
    ///
    /// # Errors
    /// As [`Rehearsal::start`].
    pub async fn serve_alone(self, company: Company) -> io::Result<Running> {
        let owners: Vec<Option<String>> =
            (0..company.orgs.len()).map(|place| owner(&company, place).map(str::to_owned)).collect();
        let Company { settings, people, orgs, sites } = company;
        drop(people);
        let mut okta = Vec::with_capacity(orgs.len());
        for (place, (org, owner)) in orgs.into_iter().zip(owners).enumerate() {
            okta.push(self.okta_stand(&org, place, owner.as_deref(), settings.now)?);
        }
        let mut ioffice = Vec::with_capacity(sites.len());
        for (place, site) in sites.into_iter().enumerate() {
            ioffice.push(self.ioffice_stand(&site, place)?);
        }
        self.open(okta, ioffice).await
    }

    async fn open(self, okta: Vec<OktaStand>, ioffice: Vec<IofficeStand>) -> io::Result<Running> {
        let badge = self.badge.map(|address| badge_stand(address, self.badge_drop)).transpose()?;
        let settings = HostSettings {
            okta,
            ioffice,
            badge,
            control: self.control,
            clock: self.clock,
            adjustable: self.adjustable,
            tls: self.tls,
            faults: self.faults,
            record: self.record,
            ..HostSettings::default()
        };
        Host::start(settings).await
    }

    fn okta_stand(
        &self,
        org: &world::Org,
        place: usize,
        owner: Option<&str>,
        now: Timestamp,
    ) -> io::Result<OktaStand> {
        let settings = OktaSettings {
            seed: self.world.seed.wrapping_add(place as u64),
            host: format!("{}.okta.com", org.subdomain),
            ..self.okta.clone()
        };
        let mut face = OktaFace::from_world(settings, org, now);
        let ssws = format!("00{}", secret()?);
        face.add_api_token(&ssws, "Lanyard", owner, Role::Super);
        let key = KeyPair::generate(KeyKind::Rsa2048).map_err(io::Error::other)?;
        let client_id = face.add_service_app(ServiceApp {
            client_id: String::new(),
            label: "Lanyard".to_owned(),
            keys: vec![key.public_jwk.clone()],
            scopes: SCOPES.map(str::to_owned).to_vec(),
            role: Role::Super,
            dpop_required: self.dpop,
            active: true,
        });
        if let Some(redirect) = &self.console {
            face.add_oidc_app(OidcApp {
                client_id: CONSOLE_CLIENT.to_owned(),
                label: "Lanyard console".to_owned(),
                redirect_uris: vec![redirect.clone()],
                groups_prefix: Some(String::new()),
                ..OidcApp::default()
            });
        }
        Ok(OktaStand {
            address: self.okta_addresses.get(place).copied().unwrap_or_else(loopback),
            face: Box::new(face),
            ssws,
            client_id,
            private_key_pem: key.private_pem,
            kid: key.kid,
        })
    }

    fn ioffice_stand(&self, site: &world::Site, place: usize) -> io::Result<IofficeStand> {
        let password = secret()?;
        let settings = IofficeSettings { service_password: password.clone(), ..self.ioffice.clone() };
        let username = settings.service_user_name.clone();
        let face = IofficeFace::from_world(site, settings);
        Ok(IofficeStand {
            address: self.ioffice_addresses.get(place).copied().unwrap_or_else(loopback),
            face: Box::new(face),
            username,
            password,
        })
    }
}

fn badge_stand(address: SocketAddr, drop: Option<PathBuf>) -> io::Result<BadgeStand> {
    let mut key = [0_u8; 32];
    SystemRandom::new().fill(&mut key).map_err(|_| io::Error::other("no randomness to be had"))?;
    let face = BadgeFace::new(BadgeSettings::with_key(&key, &secret()?));
    Ok(BadgeStand { address, face, drop })
}

/// Whose the API token is: the last one at work who leads others. A token dies with its owner, so it belongs to
/// somebody whom nobody lets go by accident.
fn owner(company: &Company, org: usize) -> Option<&str> {
    let leads: BTreeSet<u32> = company.people.iter().filter_map(|person| person.manager).collect();
    let at_work = |person: &&u32| {
        let known = &company.people[**person as usize];
        usize::from(known.org) == org && company.user_of(**person).status.as_str() == "ACTIVE"
    };
    leads.iter().rev().find(at_work).map(|person| &*company.user_of(*person).login)
}

fn loopback() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

/// Forty letters and digits that nobody can guess.
fn secret() -> io::Result<String> {
    const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let mut bytes = [0_u8; 40];
    SystemRandom::new().fill(&mut bytes).map_err(|_| io::Error::other("no randomness to be had"))?;
    Ok(bytes.iter().map(|byte| char::from(LETTERS[usize::from(byte % 32)])).collect())
}
