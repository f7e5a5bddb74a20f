//! Sockets: serves faces over HTTP/1.1, makes the requests that faces want made, keeps time.
//!
//! ```text
//! client ──► listener ──► Desk (one lock, one face) ──► reply: waits its delay, ends whole, cut or torn
//!                          ▲            │
//!            pump: advance/next_due     └─► outgoing hook deliveries ──► outcome back to the face
//! ```
//!
//! Everything a face would have to block for happens here. Nothing here knows a vendor's API.

mod adjustable;
mod announcement;
mod certificate;
mod desk;
mod dropped;
mod listener;
mod outgoing;
mod rehearsal;
mod tape;

use std::{
    io,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
};

use tokio::{net::TcpListener, sync::watch, task::JoinHandle};

pub use self::{
    adjustable::AdjustableClock,
    announcement::{Announcement, BadgePlace, ControlPlace, IofficePlace, More, OktaPlace},
    certificate::Certificate,
    desk::{Desk, DeskName, Vendor},
    rehearsal::{CONSOLE_CLIENT, Rehearsal, SCOPES},
    tape::Replay,
};
use crate::{
    badge::BadgeFace,
    clock::{RealClock, SimClock},
    control,
    face::Face,
    faults::{FaultScript, Faulty},
};

/// One Okta org to serve, with the credentials to announce.
pub struct OktaStand {
    /// Port 0 takes a free one.
    pub address: SocketAddr,
    pub face: Box<dyn Face>,
    /// Told to clients as they are; the face must know them too.
    pub ssws: String,
    pub client_id: String,
    pub private_key_pem: String,
    pub kid: String,
}

/// One iOffice site to serve, with the credentials to announce.
pub struct IofficeStand {
    pub address: SocketAddr,
    pub face: Box<dyn Face>,
    pub username: String,
    pub password: String,
}

/// A badge system to serve.
pub struct BadgeStand {
    pub address: SocketAddr,
    pub face: BadgeFace,
    /// A folder that is looked at each second: a `NAME.csv` in it is taken as a dropped list, and `NAME.ack` written.
    pub drop: Option<PathBuf>,
}

/// What to serve and how.
pub struct HostSettings {
    pub okta: Vec<OktaStand>,
    pub ioffice: Vec<IofficeStand>,
    pub badge: Option<BadgeStand>,
    /// Where the control endpoint listens; port 0 takes a free one.
    pub control: SocketAddr,
    pub clock: Arc<dyn SimClock>,
    /// Set when `clock` may be moved through the control endpoint.
    pub adjustable: Option<Arc<AdjustableClock>>,
    /// Serve https with a certificate made at the start.
    pub tls: bool,
    /// A larger request body is answered 413 without reaching the face.
    pub body_bytes_max: usize,
    /// What goes wrong from the start on.
    pub faults: FaultScript,
    /// Write every exchange to this file; [`Replay`] serves it again.
    pub record: Option<PathBuf>,
}

impl Default for HostSettings {
    fn default() -> Self {
        Self {
            okta: Vec::new(),
            ioffice: Vec::new(),
            badge: None,
            control: SocketAddr::from(([127, 0, 0, 1], 0)),
            clock: Arc::new(RealClock),
            adjustable: None,
            tls: false,
            body_bytes_max: 10 * 1024 * 1024,
            faults: FaultScript::default(),
            record: None,
        }
    }
}

/// Starts servers. See [`Host::start`].
#[derive(Debug)]
pub struct Host;

impl Host {
    /// Binds all addresses, then serves until the returned value is dropped or stopped.
    ///
    /// # Errors
    /// When an address cannot be bound, or the certificate or the file for the record cannot be made.
    pub async fn start(settings: HostSettings) -> io::Result<Running> {
        let (stop, stopped) = watch::channel(false);
        let certificate = if settings.tls { Some(Certificate::make()?) } else { None };
        let acceptor = certificate.as_ref().map(Certificate::acceptor).transpose()?;
        let shared = listener::Shared {
            clock: Arc::clone(&settings.clock),
            acceptor,
            body_bytes_max: settings.body_bytes_max,
            stopped: stopped.clone(),
        };
        let scheme = if settings.tls { "https" } else { "http" };
        let parts = Parts {
            scheme,
            faults: settings.faults,
            outgoing: outgoing::Sender::new(Arc::clone(&settings.clock)),
            recorder: settings.record.as_deref().map(record).transpose()?,
        };
        let mut running = Running {
            announcement: Announcement::default(),
            desks: Vec::new(),
            certificate,
            stop,
            tasks: Vec::new(),
        };
        let mut okta = Vec::new();
        for (index, stand) in settings.okta.into_iter().enumerate() {
            let name = DeskName { vendor: Vendor::Okta, index };
            let place = running.open(name, stand.address, stand.face, &shared, &parts).await?;
            okta.push(OktaPlace {
                url: format!("{scheme}://{place}"),
                ssws: stand.ssws,
                client_id: stand.client_id,
                private_key_pem: stand.private_key_pem,
                kid: stand.kid,
            });
        }
        let mut ioffice = Vec::new();
        for (index, stand) in settings.ioffice.into_iter().enumerate() {
            let name = DeskName { vendor: Vendor::Ioffice, index };
            let place = running.open(name, stand.address, stand.face, &shared, &parts).await?;
            let (username, password) = (stand.username, stand.password);
            ioffice.push(IofficePlace { url: format!("{scheme}://{place}"), username, password });
        }
        let mut badge = None;
        if let Some(stand) = settings.badge {
            let name = DeskName { vendor: Vendor::Badge, index: 0 };
            let known = stand.face.settings().clone();
            let place = running.open(name, stand.address, Box::new(stand.face), &shared, &parts).await?;
            let url = format!("{scheme}://{place}");
            badge =
                Some(BadgePlace { url, webhook_secret: known.webhook_secret, token: known.token.clone() });
            if let (Some(folder), Some(desk)) = (stand.drop, running.desks.last()) {
                let watch = dropped::watch(folder, Arc::clone(desk), known.token, stopped.clone());
                running.tasks.push(tokio::spawn(watch));
            }
        }
        let listener = bind(settings.control).await?;
        let place = listener.local_addr()?;
        let router = control::router(running.desks.clone(), settings.clock, settings.adjustable);
        running.tasks.push(tokio::spawn(listener::serve_control(listener, router, stopped)));
        running.announcement =
            Announcement { badge, ..Announcement::of(okta, ioffice, format!("http://{place}")) };
        Ok(running)
    }
}

/// Listens at an address, or says which one is not to be had.
async fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let named =
        |error: io::Error| io::Error::new(error.kind(), format!("cannot listen on {address}: {error}"));
    TcpListener::bind(address).await.map_err(named)
}

fn record(file: &Path) -> io::Result<tape::Recorder> {
    let named =
        |error: io::Error| io::Error::new(error.kind(), format!("cannot write {}: {error}", file.display()));
    tape::Recorder::create(file).map_err(named)
}

/// What every desk gets.
struct Parts {
    scheme: &'static str,
    faults: FaultScript,
    outgoing: Arc<outgoing::Sender>,
    recorder: Option<tape::Recorder>,
}

/// Servers at work. Dropping it stops them.
#[derive(Debug)]
pub struct Running {
    announcement: Announcement,
    desks: Vec<Arc<Desk>>,
    certificate: Option<Certificate>,
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
}

impl Running {
    async fn open(
        &mut self,
        name: DeskName,
        address: SocketAddr,
        face: Box<dyn Face>,
        shared: &listener::Shared,
        parts: &Parts,
    ) -> io::Result<SocketAddr> {
        let listener = bind(address).await?;
        let place = listener.local_addr()?;
        let mut face = Faulty::new(face, name, &parts.faults, shared.clock.now());
        face.served_at(parts.scheme, &place.to_string());
        let desk = Desk::new(
            name,
            face,
            Arc::clone(&parts.outgoing),
            Arc::clone(&shared.clock),
            parts.recorder.clone(),
        );
        let desk = Arc::new(desk);
        self.tasks.push(tokio::spawn(desk::pump(Arc::clone(&desk), shared.stopped.clone())));
        self.tasks.push(tokio::spawn(listener::serve(listener, Arc::clone(&desk), shared.clone())));
        self.desks.push(desk);
        Ok(place)
    }

    /// Where everything is and with which credentials.
    pub fn announcement(&self) -> &Announcement {
        &self.announcement
    }

    /// The faces behind the sockets, orgs first, for tests and auditors in the same process.
    pub fn desks(&self) -> &[Arc<Desk>] {
        &self.desks
    }

    /// The certificate in use, when serving https.
    pub fn certificate(&self) -> Option<&Certificate> {
        self.certificate.as_ref()
    }

    /// Stops listening, drops open connections and waits until every task has ended.
    pub async fn stop(mut self) {
        let _ = self.stop.send(true);
        for task in std::mem::take(&mut self.tasks) {
            let _ = task.await;
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.stop.send(true);
    }
}
