//! New connections for the console: clients are built in memory, tried, and thrown away; only `keep` writes.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use lanyard_engine::{
    Engine,
    clock::Clock,
    ports::{Check, Directory, PortFailure, Silent, StoreFailure, Workplace},
};
use lanyard_model::{
    account::{Account, AccountKind},
    id::is_slug,
    identity::{Identity, Status},
};
use lanyard_policy::Policy;
use lanyard_web::desks::{ConnectionDesk, DeskRefusal, KeptConnection, NewConnection};
use lanyard_wire::Transport;
use serde_json::{Value, json};

use crate::{
    connection::{Credential, Org, Place, PlaceCredential},
    event_hooks,
    exit::Unusable,
    settings::{self, Settings, read_secret},
    wiring,
};

/// People or accounts that are shown as they are.
const SAMPLE: usize = 5;
/// Names of a collision that are shown.
const COLLISIONS_SHOWN: usize = 5;

pub struct Connections {
    dir: PathBuf,
    engine: Arc<Engine>,
    clock: Arc<dyn Clock>,
    transport: Arc<dyn Transport>,
}

enum Client {
    Directory(Arc<dyn Directory>),
    Workplace(Arc<dyn Workplace>),
}

fn field(path: &str, message: impl Into<String>) -> DeskRefusal {
    DeskRefusal::Field { path: path.into(), message: message.into() }
}

fn filled(path: &str, text: &str) -> Result<String, DeskRefusal> {
    let text = text.trim();
    if text.is_empty() { Err(field(path, "this is needed")) } else { Ok(text.to_owned()) }
}

fn unread(failure: &PortFailure) -> DeskRefusal {
    DeskRefusal::Upstream { title: failure.to_string(), fix: failure.hint().map(str::to_owned) }
}

fn store(failure: StoreFailure) -> DeskRefusal {
    DeskRefusal::Failed(failure.to_string())
}

/// A new connection whose fields can be used.
enum Wanted {
    Org(Org),
    Place(Place),
}

fn wanted(new: NewConnection) -> Result<(String, Wanted), DeskRefusal> {
    let id = filled("id", new.id())?;
    if !is_slug(&id) {
        return Err(field("id", "use small letters, digits and hyphens"));
    }
    let wanted = match new {
        NewConnection::Okta { url, client_id, key_id, key_pem, token, .. } => {
            let url = lanyard_okta::OrgUrl::parse(url.trim())
                .map_err(|problem| field("url", problem.to_string()))?
                .to_string();
            let credential = match (client_id, token) {
                (Some(client_id), _) if !client_id.trim().is_empty() => Credential::App {
                    client_id: client_id.trim().to_owned(),
                    key: filled("key_pem", &key_pem.unwrap_or_default())?,
                    key_id: key_id.map(|id| id.trim().to_owned()).filter(|id| !id.is_empty()),
                },
                (_, Some(token)) => Credential::Token(filled("token", &token)?),
                _ => return Err(field("client_id", "give a service app with its key, or an API token")),
            };
            Wanted::Org(Org { url, credential })
        }
        NewConnection::Ioffice { url, user, password, .. } => {
            let url = lanyard_ioffice::SiteUrl::parse(url.trim())
                .map_err(|problem| field("url", problem.to_string()))?
                .to_string();
            Wanted::Place(Place {
                url,
                credential: PlaceCredential::Local {
                    user: filled("user", &user)?,
                    password: filled("password", &password)?,
                },
            })
        }
    };
    Ok((id, wanted))
}

/// Values by key of the policy: who has which.
#[derive(Default)]
struct Values {
    with: usize,
    by: BTreeMap<String, Vec<String>>,
}

impl Connections {
    pub fn of(
        dir: &Path,
        engine: &Arc<Engine>,
        clock: &Arc<dyn Clock>,
        transport: &Arc<dyn Transport>,
    ) -> Self {
        Self {
            dir: dir.to_owned(),
            engine: Arc::clone(engine),
            clock: Arc::clone(clock),
            transport: Arc::clone(transport),
        }
    }

    fn client(&self, id: &str, wanted: &Wanted) -> Result<Client, DeskRefusal> {
        let built = match wanted {
            Wanted::Org(org) => wiring::new_directory(id, org, &self.clock, &self.transport)
                .map(|c| Client::Directory(Arc::new(c))),
            Wanted::Place(place) => wiring::new_workplace(id, place, &self.clock, &self.transport)
                .map(|c| Client::Workplace(Arc::new(c))),
        };
        built.map_err(|error| {
            let path = if matches!(wanted, Wanted::Org(_)) { "key_pem" } else { "url" };
            field(path, format!("{error:#}"))
        })
    }

    /// Counts of each key, and what it finds on the side that is connected already.
    async fn keys(
        &self,
        rows: Vec<(String, Vec<(String, String)>)>,
        orgs: bool,
    ) -> Result<Vec<Value>, DeskRefusal> {
        let active = self.engine.active();
        let mut values: BTreeMap<String, Values> = BTreeMap::new();
        let total = rows.len();
        for (name, keys) in rows {
            for (kind, value) in keys {
                let known = values.entry(kind).or_default();
                known.with += 1;
                known.by.entry(value).or_default().push(name.clone());
            }
        }
        let mut shown = Vec::new();
        for (kind, attribute, field) in active.policy.key_names() {
            let none = Values::default();
            let known = values.get(kind).unwrap_or(&none);
            let all: Vec<String> = known.by.keys().cloned().collect();
            let found = self.counterparts(kind, &all, orgs).await.map_err(store)?;
            let shared: Vec<_> = known.by.iter().filter(|(_, names)| names.len() > 1).collect();
            shown.push(json!({
                "kind": kind, "attribute": attribute, "field": field, "rows": total, "with": known.with,
                "found": found, "collisions": shared.len(),
                "colliding": shared.iter().take(COLLISIONS_SHOWN)
                    .map(|(value, names)| json!({ "value": value, "names": names.iter().take(4).collect::<Vec<_>>() }))
                    .collect::<Vec<_>>(),
            }));
        }
        Ok(shown)
    }

    /// Takes what the settings now say into the running engine.
    async fn join(&self, id: &str, is_site: bool) -> anyhow::Result<KeptConnection> {
        let settings = Settings::load(&self.dir)?;
        if is_site {
            let (port, sign_off) =
                wiring::one_workplace(&self.dir, &settings, id, &self.clock, &self.transport)?;
            self.engine.join_site(port, sign_off).await?;
            let url = settings.sites.iter().find(|site| site.id == id).map(|site| site.ioffice_url.clone());
            return Ok(KeptConnection {
                id: id.to_owned(),
                is_site,
                url: url.unwrap_or_default(),
                hook_secret: None,
                no_hook: None,
            });
        }
        let port = wiring::one_directory(&self.dir, &settings, id, &self.clock, &self.transport)?;
        let hooks = event_hooks::wishes(&self.dir, &settings)?;
        let hook = hooks.into_iter().find(|(tenant, _)| tenant.as_str() == id).map(|(_, wish)| wish);
        let known = settings.tenants.iter().find(|tenant| tenant.id == id);
        let file = known.and_then(|tenant| tenant.hook_secret_file.as_ref());
        let hook_secret = file.map(|file| read_secret(&self.dir, file)).transpose()?;
        self.engine.join_directory(&port, hook);
        Ok(KeptConnection {
            id: id.to_owned(),
            is_site,
            url: known.map(|tenant| tenant.okta_url.clone()).unwrap_or_default(),
            hook_secret,
            no_hook: event_hooks::missing(&settings).remove(port.tenant()),
        })
    }

    /// How many of these values of a key somebody has on the other side.
    async fn counterparts(&self, kind: &str, values: &[String], orgs: bool) -> Result<usize, StoreFailure> {
        let store = self.engine.store();
        let mut found = vec![false; values.len()];
        let sites = if orgs { self.engine.sites().keys().map(Some).collect() } else { vec![None] };
        for site in sites {
            let known = store.known_keys(site, kind, values).await?;
            found.iter_mut().zip(known).for_each(|(found, known)| *found |= known);
        }
        Ok(found.into_iter().filter(|found| *found).count())
    }
}

/// Five rows, spread over the list.
fn spread<T>(rows: &[T]) -> impl Iterator<Item = &T> {
    rows.iter().step_by((rows.len() / SAMPLE).max(1)).take(SAMPLE)
}

fn person(policy: &Policy, who: &Identity) -> Value {
    json!({
        "id": who.id.user, "name": who.display_name(), "state": format!("{:?}", who.status).to_lowercase(),
        "keys": policy.identity_keys(who).into_iter().map(|(kind, value)| json!({ "kind": kind, "value": value })).collect::<Vec<_>>(),
    })
}

fn account(policy: &Policy, account: &Account) -> Value {
    json!({
        "id": account.id().to_string(), "name": account.display_name(),
        "state": if account.is_live() { "active" } else { "inactive" },
        "keys": policy.account_keys(account).into_iter().map(|(kind, value)| json!({ "kind": kind, "value": value })).collect::<Vec<_>>(),
    })
}

#[async_trait::async_trait]
impl ConnectionDesk for Connections {
    async fn probe(&self, new: NewConnection) -> Result<Value, DeskRefusal> {
        let (id, wanted) = wanted(new)?;
        let checks: Vec<Check> = match self.client(&id, &wanted)? {
            Client::Directory(directory) => directory.probe().await,
            Client::Workplace(workplace) => workplace.probe().await,
        };
        let ok = !checks.iter().any(|check| !check.ok && !check.warning);
        Ok(json!({ "ok": ok, "checks": checks }))
    }

    async fn sample(&self, new: NewConnection) -> Result<Value, DeskRefusal> {
        let (id, wanted) = wanted(new)?;
        let active = self.engine.active();
        match self.client(&id, &wanted)? {
            Client::Directory(directory) => {
                let mut people = Vec::new();
                directory.list_identities(&mut people, &Silent).await.map_err(|e| unread(&e))?;
                people.retain(|who| who.status != Status::Deprovisioned);
                let rows =
                    people.iter().map(|who| (who.display_name(), active.policy.identity_keys(who))).collect();
                Ok(json!({
                    "total": people.len(),
                    "rows": spread(&people).map(|who| person(&active.policy, who)).collect::<Vec<_>>(),
                    "keys": self.keys(rows, true).await?,
                }))
            }
            Client::Workplace(workplace) => {
                let mut accounts = Vec::new();
                workplace.list_accounts(&mut accounts, &Silent).await.map_err(|e| unread(&e))?;
                accounts.retain(|account| account.kind == AccountKind::Person);
                let rows = accounts
                    .iter()
                    .map(|account| (account.display_name(), active.policy.account_keys(account)))
                    .collect();
                Ok(json!({
                    "total": accounts.len(),
                    "rows": spread(&accounts).map(|one| account(&active.policy, one)).collect::<Vec<_>>(),
                    "keys": self.keys(rows, false).await?,
                }))
            }
        }
    }

    async fn keep(&self, new: NewConnection) -> Result<KeptConnection, DeskRefusal> {
        let (id, wanted) = wanted(new)?;
        let before =
            Settings::load(&self.dir).map_err(|problems| DeskRefusal::Failed(problems.to_string()))?;
        let taken = match &wanted {
            Wanted::Org(_) => before.tenants.iter().any(|tenant| tenant.id == id),
            Wanted::Place(_) => before.sites.iter().any(|site| site.id == id),
        };
        if taken {
            return Err(field("id", format!("there is a connection {id} already")));
        }
        let (written, more) = match &wanted {
            Wanted::Org(org) => (org.write(&self.dir, &id), ""),
            // Nothing is written there before somebody has seen what the first writes would do.
            Wanted::Place(place) => (place.write(&self.dir, &id), "sign_off = true\n"),
        };
        let kept = written.and_then(|written| {
            let kept = settings::append(&self.dir, &format!("{}{more}", written.block));
            if kept.is_err() {
                written.discard(&self.dir);
            }
            kept
        });
        kept.map_err(|error| match error.downcast_ref::<Unusable>() {
            Some(Unusable(text)) => field("id", text.clone()),
            None => DeskRefusal::Failed(format!("{error:#}")),
        })?;
        let failed = |error: anyhow::Error| {
            let start = format!("lanyard serve {}", self.dir.display());
            DeskRefusal::Failed(format!(
                "it is in the settings, and joins at the next start ({start}): {error:#}"
            ))
        };
        self.join(&id, matches!(wanted, Wanted::Place(_))).await.map_err(failed)
    }
}
