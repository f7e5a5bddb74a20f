//! A small company on both sides, and the engine's wiring for one life of the process.

use std::{collections::BTreeSet, path::Path, sync::Arc};

use jiff::Timestamp;
use lanyard_engine::{
    Engine, EngineSettings, Ports,
    clock::Clock,
    ports::{Directory, DoorFeed, HookWish, Silent, Workplace},
};
use lanyard_ioffice::{Credential as SiteCredential, IofficeClient, IofficeSettings, SiteUrl};
use lanyard_model::id::{SiteId, TenantId};
use lanyard_okta::{Credential as OrgCredential, Limits, OktaClient, OktaSettings, OrgUrl};
use lanyard_policy::{Policy, PolicyFiles, StarterFacts, demo_policy};
use lanyard_sim::{
    face::Face,
    faults::{FaultScript, Faulty},
    host::{DeskName, Vendor},
    ioffice::{IofficeFace, IofficeSettings as SiteStandIn},
    okta::{OktaFace, OktaSettings as OrgStandIn, Role},
    world::{Company, Dice, WorldSettings},
};
use lanyard_store::SqliteStore;
use lanyard_wire::Transport;
use secrecy::SecretString;

use crate::{
    badge::{BadgeFeed, Badges},
    clock::{LifeClock, VirtualTime},
    folder,
    life::{Life, LifeStore},
    network::{Desk, HOOK_SECRET, LifeTransport, Network, RECEIVER},
    script::{Plan, Script},
    weather::{Front, StormyDisk, Weather},
};

/// Each org and each site has a secret of its own: told to another host, it is seen.
fn token(index: usize) -> String {
    format!("00simulationtoken{index}")
}

fn password(index: usize) -> String {
    format!("simulation-password-{index}")
}

/// How the sites of a history read the contract's silences.
fn site_reading(preset: &str) -> SiteStandIn {
    let plain = SiteStandIn::default();
    let read = SiteStandIn::preset(preset).expect("a known preset");
    match preset {
        // A strict site cannot be told sections or deactivations, so that nothing could be judged.
        "strict" => plain,
        // Nor a hostile one, which forgets or merges what it is told: its small limits, refusals and lists stay.
        "hostile" => SiteStandIn {
            null_clears: plain.null_clears,
            user_delete: plain.user_delete,
            user_active_write: plain.user_active_write,
            inactive_by_id: plain.inactive_by_id,
            permissions_put: plain.permissions_put,
            neighborhood_write: plain.neighborhood_write,
            duplicate_email: plain.duplicate_email,
            seat_check: plain.seat_check,
            cost_centers_readable: plain.cost_centers_readable,
            ..read
        },
        _ => read,
    }
}

/// Under which name an org knows our credential.
pub const PRINCIPAL: &str = "Lanyard";

/// Both sides of a company, running.
pub struct Sides {
    pub company: Company,
    pub network: Arc<Network>,
    pub time: VirtualTime,
    pub weather: Arc<Weather>,
    /// `None`: no site has a physical-access feed.
    pub badges: Option<Arc<Badges>>,
    service_user: String,
}

impl Sides {
    /// Draws the company and puts its faces on the network.
    pub fn open(world: &WorldSettings, preset: &str, seed: u64, fronts: Vec<Front>) -> Self {
        let company = Company::generate(world);
        let time = VirtualTime::starting_at(world.now);
        let weather = Weather::new(time, fronts, seed);
        let mut secrets = Vec::new();
        let script = FaultScript { seed, rules: Vec::new() };
        let mut desks = Vec::new();
        for (index, org) in company.orgs.iter().enumerate() {
            let host = format!("{}.okta.com", org.subdomain);
            let settings = OrgStandIn {
                seed: seed.wrapping_add(index as u64),
                host: host.clone(),
                ..OrgStandIn::preset(preset).expect("a known preset")
            };
            let mut face = OktaFace::from_world(settings, org, world.now);
            face.add_api_token(&token(index), PRINCIPAL, None, Role::Super);
            secrets.push((host.clone(), token(index)));
            face.served_at("https", &host);
            let name = DeskName { vendor: Vendor::Okta, index };
            desks.push(Desk::new(name, host, Faulty::new(Box::new(face), name, &script, world.now)));
        }
        let site_settings = site_reading(preset);
        for (index, site) in company.sites.iter().enumerate() {
            let settings = SiteStandIn { service_password: password(index), ..site_settings.clone() };
            let face = IofficeFace::from_world(site, settings);
            let host = format!("{}.iofficeconnect.com", site.subdomain);
            secrets.push((host.clone(), password(index)));
            let name = DeskName { vendor: Vendor::Ioffice, index };
            desks.push(Desk::new(name, host, Faulty::new(Box::new(face), name, &script, world.now)));
        }
        let network = Network::new(time, desks, Dice::new(seed, "network"), Arc::clone(&weather));
        for (host, secret) in secrets {
            network.watch.keep_secret(&host, &secret);
        }
        Self { company, network, time, weather, badges: None, service_user: site_settings.service_user_name }
    }

    fn directories(&self, life: &Arc<Life>, seed: u64, page_rows: Option<u32>) -> Vec<Arc<dyn Directory>> {
        let (transport, clock, plain) = (self.transport(life), self.clock(life), Limits::default());
        let made = self.company.orgs.iter().enumerate().map(|(index, org)| {
            let settings = OktaSettings {
                tenant: TenantId::new(&*org.subdomain),
                org: OrgUrl::parse(&format!("https://{}.okta.com", org.subdomain)).expect("a good address"),
                credential: OrgCredential::ApiToken(SecretString::from(token(index))),
                limits: Limits { page_rows: page_rows.unwrap_or(plain.page_rows), ..plain },
                canary_user: None,
                api_token_ids: BTreeSet::new(),
            };
            let client = OktaClient::new(settings, Arc::clone(&transport), Arc::clone(&clock), seed);
            Arc::new(client.expect("settings that hold")) as Arc<dyn Directory>
        });
        made.collect()
    }

    fn workplaces(&self, life: &Arc<Life>, seed: u64) -> Vec<Arc<dyn Workplace>> {
        let (transport, clock) = (self.transport(life), self.clock(life));
        let made = self.company.sites.iter().enumerate().map(|(index, site)| {
            let url = SiteUrl::parse(&format!("https://{}.iofficeconnect.com", site.subdomain))
                .expect("a good address");
            let credential = SiteCredential::HeaderPair {
                username: self.service_user.clone(),
                password: SecretString::from(password(index)),
            };
            let mut settings = IofficeSettings::new(SiteId::new(&*site.subdomain), url, credential);
            settings.jitter_seed = seed;
            let client = IofficeClient::new(settings, Arc::clone(&transport), Arc::clone(&clock), None);
            Arc::new(client.expect("settings that hold")) as Arc<dyn Workplace>
        });
        made.collect()
    }

    fn door_feeds(&self, life: &Arc<Life>) -> Vec<Arc<dyn DoorFeed>> {
        let Some(badges) = &self.badges else { return Vec::new() };
        let feed = |site: &str| BadgeFeed {
            site: SiteId::new(site),
            badges: Arc::clone(badges),
            life: Arc::clone(life),
            time: self.time,
        };
        self.company.sites.iter().map(|site| Arc::new(feed(&site.subdomain)) as Arc<dyn DoorFeed>).collect()
    }

    fn transport(&self, life: &Arc<Life>) -> Arc<dyn Transport> {
        Arc::new(LifeTransport { network: Arc::clone(&self.network), life: Arc::clone(life) })
    }

    fn clock(&self, life: &Arc<Life>) -> Arc<dyn Clock> {
        Arc::new(LifeClock { time: self.time, weather: Arc::clone(&self.weather), life: Arc::clone(life) })
    }

    /// The demonstration policy for what both sides hold, with what `plan` asks beyond it. `script` names the people whom
    /// it protects.
    pub async fn draw_policy(&self, plan: &Plan, script: &Script) -> PolicyFiles {
        let percent_max = plan.percent_max;
        let life = Life::new(None);
        let mut facts = StarterFacts::default();
        for directory in self.directories(&life, 1, None) {
            let groups = directory.list_groups().await.expect("groups");
            let schema = directory.list_attributes().await.expect("a schema");
            let mut people = Vec::new();
            directory.list_identities(&mut people, &Silent).await.expect("people");
            facts.tenants.push(lanyard_policy::TenantFacts::gather(
                directory.tenant().clone(),
                groups.rows,
                schema.into_iter().map(|(name, _, _)| name),
                &people,
            ));
        }
        for workplace in self.workplaces(&life, 1) {
            let catalogue = workplace.read_catalogue(&Silent).await.expect("a catalogue");
            let id = workplace.site().clone();
            facts.sites.push(lanyard_policy::SiteFacts { id, catalogue, default_host: None, doors: false });
        }
        let mut files = demo_policy(&facts);
        let policy = &mut files.toml.1;
        let limit = policy.lines().find(|line| line.starts_with("max_percent =")).map(str::to_owned);
        let limit = limit.expect("the demonstration's policy limits removals by a share");
        *policy = policy.replacen(&limit, &format!("max_percent = {percent_max}"), 1);
        plan.guards.put_into(policy, &script.protected);
        files
    }

    /// Opens the store in `folder`; whoever had it open before is dead.
    pub fn open_store(&self, folder: &Path) -> Arc<SqliteStore> {
        folder::begin_with_tables(folder).expect("a folder that can be written to");
        let store = Arc::new(SqliteStore::open_inline(folder).expect("a store"));
        store.set_disk(Box::new(StormyDisk(Arc::clone(&self.weather))));
        self.network.look_up_intents_in(Arc::clone(&store));
        self.network.watch.forget_limits();
        store
    }

    /// An engine for one life. Nothing runs yet.
    pub fn engine(
        &self,
        life: &Arc<Life>,
        store: &Arc<SqliteStore>,
        policy: &PolicyFiles,
        plan: &Plan,
        seed: u64,
    ) -> Arc<Engine> {
        let policy = Policy::parse(policy).unwrap_or_else(|problems| panic!("{}", problems.render()));
        let store = Arc::new(LifeStore { inner: Arc::clone(store), life: Arc::clone(life) });
        let ports = Ports {
            clock: self.clock(life),
            store,
            directories: self.directories(life, seed, plan.page_rows),
            workplaces: self.workplaces(life, seed),
        };
        let plain = EngineSettings::default();
        let settings = EngineSettings {
            feed_interval: plan.feed_interval,
            observe_only: plan.observe_only,
            lease: plan.lease.unwrap_or(plain.lease),
            leaver_check: plan.leaver_check.unwrap_or(plain.leaver_check),
            ..plain
        };
        Arc::new(Engine::new(ports, policy, settings).with_doors(self.door_feeds(life)))
    }

    /// The hook that each tenant should have.
    pub fn hooks(&self) -> Vec<(TenantId, HookWish)> {
        let wish = |id: &str| HookWish {
            name: "Lanyard".into(),
            url: format!("https://{RECEIVER}/hooks/okta/{id}"),
            secret: HOOK_SECRET.into(),
            secret_is: "with whoever runs the simulation".into(),
        };
        self.company.orgs.iter().map(|org| (TenantId::new(&*org.subdomain), wish(&org.subdomain))).collect()
    }

    /// What somebody does at a vendor's own pages.
    ///
    /// # Errors
    /// The face's sentence.
    pub fn command(
        &self,
        vendor: Vendor,
        index: usize,
        command: &serde_json::Value,
    ) -> Result<serde_json::Value, String> {
        let now: Timestamp = self.time.now();
        self.network.desk(vendor, index).with(|face| face.command(command, now))
    }
}
