//! Starts the stand-ins for `sim` and `demo`: a company behind sockets.

use std::{net::SocketAddr, path::PathBuf, sync::Arc};

use anyhow::anyhow;
use lanyard_sim::{
    clock::SimClock,
    faults::FaultScript,
    host::{AdjustableClock, Rehearsal, Running},
    ioffice::IofficeSettings,
    okta::OktaSettings,
    world::{Accounts, Company, WorldSettings},
};

use crate::exit;

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
    /// Where a badge system is served, if one is.
    pub badge: Option<SocketAddr>,
    /// Redirect URI of a console whose people sign in there.
    pub console: Option<String>,
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
        let world = WorldSettings {
            seed: self.seed,
            people: self.people,
            orgs: self.orgs,
            sites: self.sites,
            now: self.now,
            accounts: self.accounts,
        };
        let company = Company::generate(&world);
        Service {
            okta: OktaSettings::preset(&self.preset).map_err(|text| anyhow!(text))?,
            ioffice: IofficeSettings::preset(&self.preset).map_err(|text| anyhow!(text))?,
            limits: self.limits,
            okta_first: self.okta,
            ioffice_first: self.ioffice,
            clock: self.clock,
            adjustable: self.adjustable,
            dpop: false,
            tls: self.tls,
            faults: self.faults,
            record: None,
            badge: self.badge,
            badge_drop: None,
            console: self.console,
        }
        .serve(company)
        .await
    }
}

/// How a company is served: what [`Rehearsal`] wants to know, in the words of the command line.
pub struct Service {
    pub okta: OktaSettings,
    pub ioffice: IofficeSettings,
    /// The stand-ins' own rate limits.
    pub limits: bool,
    /// Further orgs take the next ports.
    pub okta_first: SocketAddr,
    /// Further sites take the next ports.
    pub ioffice_first: SocketAddr,
    pub clock: Arc<dyn SimClock>,
    pub adjustable: Option<Arc<AdjustableClock>>,
    pub dpop: bool,
    pub tls: bool,
    pub faults: FaultScript,
    pub record: Option<PathBuf>,
    /// Where a badge system is served, if one is.
    pub badge: Option<SocketAddr>,
    pub badge_drop: Option<PathBuf>,
    /// Redirect URI of a console whose people sign in there.
    pub console: Option<String>,
}

impl Service {
    /// # Errors
    /// An address that cannot be bound, a failing key generator, a record that cannot be written.
    pub async fn serve(self, company: Company) -> anyhow::Result<Started> {
        let rehearsal = self.rehearsal(&company)?;
        let running = rehearsal.serve(&company).await.map_err(not_started)?;
        Ok(Started { company, running })
    }

    /// As [`Service::serve`], letting go of the company on the way: a large one is not held twice.
    ///
    /// # Errors
    /// As [`Service::serve`].
    pub async fn serve_alone(self, company: Company) -> anyhow::Result<Running> {
        let rehearsal = self.rehearsal(&company)?;
        rehearsal.serve_alone(company).await.map_err(not_started)
    }

    fn rehearsal(mut self, company: &Company) -> anyhow::Result<Rehearsal> {
        self.okta.quotas.enforced &= self.limits;
        self.ioffice.load_limits &= self.limits;
        Ok(Rehearsal {
            world: company.settings.clone(),
            okta: self.okta,
            ioffice: self.ioffice,
            okta_addresses: ports(self.okta_first, company.orgs.len())?,
            ioffice_addresses: ports(self.ioffice_first, company.sites.len())?,
            clock: self.clock,
            adjustable: self.adjustable,
            dpop: self.dpop,
            tls: self.tls,
            faults: self.faults,
            record: self.record,
            badge: self.badge,
            badge_drop: self.badge_drop,
            console: self.console,
            ..Rehearsal::default()
        })
    }
}

/// Why the stand-ins are not there. An address or a file that is not to be had is the fault of what was given.
pub fn not_started(error: std::io::Error) -> anyhow::Error {
    use std::io::ErrorKind;
    let fix = match error.kind() {
        ErrorKind::AddrInUse => "stop what listens there, or name another port; 0 takes a free one",
        ErrorKind::AddrNotAvailable => "name an address of this machine, such as 127.0.0.1:0",
        ErrorKind::PermissionDenied => "name a port above 1023, or a file that you may write",
        ErrorKind::NotFound | ErrorKind::NotADirectory => "make the folder first",
        ErrorKind::IsADirectory => "name a file, not a folder",
        _ => return anyhow::Error::new(error).context("the stand-ins could not be started"),
    };
    exit::Unusable(format!("the stand-ins were not started: {error}; fix: {fix}")).into()
}

/// Port 0 stays 0; a given port counts upwards for further orgs and sites.
pub fn ports(first: SocketAddr, count: usize) -> anyhow::Result<Vec<SocketAddr>> {
    let port = |index: usize| match first.port() {
        0 => Ok(first),
        given => {
            u16::try_from(usize::from(given) + index).map(|port| SocketAddr::new(first.ip(), port)).map_err(
                |_| exit::Unusable(format!("after {first} no port is left for {count} orgs or sites")).into(),
            )
        }
    };
    (0..count).map(port).collect()
}
