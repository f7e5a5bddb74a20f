//! Places: the stacking view's numbers, and one floor with who sits where.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use axum::{
    Extension, Json,
    extract::{Path, State},
};
use lanyard_model::{
    account::Account,
    id::{AccountId, FloorId, IdentityId, RoomId, SiteId},
    place::{Catalogue, Room},
};
use serde_json::{Value, json};

use super::Answer;
use crate::{WebState, access::Caller, problem::Problem};

/// Accounts of a site by the space they hold, as last read.
struct Seated {
    by_room: BTreeMap<RoomId, Vec<Account>>,
    by_id: BTreeMap<AccountId, Account>,
    known: BTreeMap<AccountId, IdentityId>,
}

impl Seated {
    async fn read(state: &WebState, site: &SiteId) -> Result<Self, Problem> {
        let store = state.engine.store();
        let links = store.links(site).await?;
        let known = links
            .into_iter()
            .filter(|link| link.ended_at.is_none())
            .map(|link| (link.account.id, link.identity))
            .collect();
        let mut seated = Self { by_room: BTreeMap::new(), by_id: BTreeMap::new(), known };
        for account in store.accounts(site).await?.into_iter().filter(Account::is_live) {
            if let Some(seat) = account.seat {
                seated.by_room.entry(seat.room).or_default().push(account.clone());
            }
            seated.by_id.insert(account.id(), account);
        }
        Ok(seated)
    }

    /// Holders of a space: what the mirrors say, and whom the site's own list names beyond that.
    fn holders(&self, room: &Room) -> BTreeSet<AccountId> {
        let mirrored = self.by_room.get(&room.id).into_iter().flatten().map(Account::id);
        // An occupant whose account says it sits elsewhere has moved since the catalogue was read.
        let listed =
            room.occupants.iter().copied().filter(|id| self.by_id.get(id).is_none_or(|a| a.seat.is_none()));
        mirrored.chain(listed).collect()
    }
}

/// `GET /api/v1/places`
pub async fn list(State(state): State<Arc<WebState>>, Extension(caller): Extension<Caller>) -> Answer {
    let mut sites = Vec::new();
    for (id, site) in state.engine.sites().iter().filter(|(id, _)| caller.sees_site(id)) {
        let catalogue = site.catalogue();
        let seated = Seated::read(&state, id).await?;
        let buildings: Vec<Value> = catalogue
            .buildings
            .values()
            .map(|building| {
                let floors: Vec<Value> = catalogue
                    .floors
                    .values()
                    .filter(|floor| floor.building == building.id)
                    .map(|floor| floor_numbers(&catalogue, &seated, floor.id))
                    .collect();
                json!({ "id": building.id.to_string(), "name": building.name, "code": building.code, "floors": floors })
            })
            .collect();
        sites.push(json!({ "id": id, "read_at": catalogue.read_at, "buildings": buildings }));
    }
    Ok(Json(json!({ "sites": sites })))
}

fn floor_numbers(catalogue: &Catalogue, seated: &Seated, floor: FloorId) -> Value {
    let (mut spaces, mut capacity, mut taken, mut orphaned, mut over) = (0u64, 0u64, 0u64, 0u64, 0u64);
    for room in catalogue.rooms.values().filter(|room| room.floor == floor && room.occupiable && room.active)
    {
        let holders = seated.holders(room);
        spaces += 1;
        capacity += u64::from(room.capacity);
        taken += holders.len() as u64;
        orphaned += holders.iter().filter(|id| !seated.known.contains_key(id)).count() as u64;
        over += u64::from(holders.len() as u64 > u64::from(room.capacity));
    }
    json!({
        "id": floor.to_string(),
        "name": catalogue.floors.get(&floor).map(|floor| &floor.name),
        "spaces": spaces,
        "capacity": capacity,
        "taken": taken,
        "orphaned": orphaned,
        "over_capacity": over,
        "sections": catalogue
            .sections
            .values()
            .filter(|section| section.floor == floor)
            .map(|section| json!({ "id": section.id.to_string(), "name": section.name, "neighborhood": section.neighborhood_name }))
            .collect::<Vec<_>>(),
    })
}

/// `GET /api/v1/places/{site}/floors/{floor}`
pub async fn floor(
    State(state): State<Arc<WebState>>,
    Extension(caller): Extension<Caller>,
    Path((site, floor)): Path<(String, String)>,
) -> Answer {
    let site = SiteId::new(site.as_str());
    let nothing = || Problem::not_found(format!("there is no floor {floor} in site {site}"));
    let catalogue = state
        .engine
        .sites()
        .get(&site)
        .filter(|_| caller.sees_site(&site))
        .map(|known| known.catalogue())
        .ok_or_else(nothing)?;
    let id = floor.parse().map(FloorId).map_err(|_| nothing())?;
    let here = catalogue.floors.get(&id).ok_or_else(nothing)?;
    let seated = Seated::read(&state, &site).await?;
    let mut rooms: Vec<&Room> =
        catalogue.rooms.values().filter(|room| room.floor == id && room.active).collect();
    rooms.sort_by(|a, b| a.name.cmp(&b.name));
    let mut spaces = Vec::new();
    for room in rooms {
        let mut people = Vec::new();
        for holder in seated.holders(room) {
            people.push(sitter(&state, &caller, &site, &seated, holder).await?);
        }
        spaces.push(json!({
            "id": room.id.to_string(),
            "name": room.name,
            "kind": room.kind,
            "occupiable": room.occupiable,
            "reservable": room.reservable,
            "capacity": room.capacity,
            "people": people,
        }));
    }
    let mut answer = floor_numbers(&catalogue, &seated, id);
    answer["site"] = json!(site);
    answer["building"] = json!(catalogue.buildings.get(&here.building).map(|building| &building.name));
    answer["read_at"] = json!(catalogue.read_at);
    answer["rooms"] = json!(spaces);
    Ok(Json(answer))
}

/// Who holds a seat, and whether by rule: a seat that the last applied state of the person names is a rule's.
async fn sitter(
    state: &WebState,
    caller: &Caller,
    site: &SiteId,
    seated: &Seated,
    holder: AccountId,
) -> Result<Value, Problem> {
    let account = seated.by_id.get(&holder);
    let identity = seated.known.get(&holder);
    let shown = identity.is_none_or(|id| caller.sees(Some(&id.tenant), Some(site)));
    if !shown {
        return Ok(
            json!({ "account": holder.to_string(), "name": "somebody of another tenant", "how": "other_tenant", "identity": null }),
        );
    }
    let by_rule = match identity {
        Some(id) => {
            let seat = account.and_then(|account| account.seat).map(|seat| seat.room);
            state
                .engine
                .store()
                .applied(id, site)
                .await?
                .is_some_and(|applied| seat.is_some() && applied.seat == seat)
        }
        None => false,
    };
    Ok(json!({
        "account": holder.to_string(),
        "name": account.map_or_else(|| format!("account {holder}"), Account::display_name),
        "identity": identity.map(|id| json!({ "tenant": id.tenant, "id": id.user })),
        "how": match (identity, by_rule) {
            (None, _) => "orphaned",
            (Some(_), true) => "rule",
            (Some(_), false) => "hand",
        },
    }))
}
