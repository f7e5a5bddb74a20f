//! What helps to decide a request: who else has the same, whether the seat is free, and how full its floor is. From the
//! mirrors; nothing is called.

use std::{collections::HashMap, sync::PoisonError};

use lanyard_model::{
    account::Account,
    clearance::Clearance,
    id::{FloorId, IdentityId, RoomId},
};
use lanyard_plan::lines;
use serde::Serialize;

use crate::{Engine, ports::StoreFailure};

/// Groups that are told of, the smallest first: it says most.
const GROUPS_MAX: usize = 3;
/// Smaller ones are no company.
const MEMBERS_MIN: usize = 3;
/// Of larger groups, so many members are asked about.
const ASKED_MAX: usize = 200;

/// How many of a group have what a line is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Having {
    pub line: String,
    pub what: String,
    /// Members with an account whose rights could be read.
    pub of: usize,
    pub have: usize,
}

/// Others of a group that the person is in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Peers {
    pub group: String,
    /// Without the person.
    pub members: usize,
    pub having: Vec<Having>,
}

/// A seat that a line gives or takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SeatAsked {
    pub line: String,
    pub place: String,
    /// Nobody else holds it, and it is promised to nobody else.
    pub free: bool,
    pub floor: String,
    pub floor_seats: usize,
    pub floor_taken: usize,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct RequestContext {
    pub peers: Vec<Peers>,
    pub seats: Vec<SeatAsked>,
}

impl Engine {
    /// What is known around a request.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn request_context(&self, request: &Clearance) -> Result<RequestContext, StoreFailure> {
        let seats = self.seats_asked(request);
        let Some(known) = self.store.identity(&request.identity).await? else {
            return Ok(RequestContext { peers: Vec::new(), seats });
        };
        let names = self.store.groups(&request.identity.tenant).await?;
        let mut groups = Vec::new();
        for group in known.identity.groups.ids() {
            let mut members = self.store.members(&request.identity.tenant, group).await?;
            members.retain(|member| *member != request.identity);
            if members.len() >= MEMBERS_MIN {
                let name = names.iter().find(|one| one.id == *group);
                groups.push((name.map_or_else(|| group.to_string(), |one| one.name.to_string()), members));
            }
        }
        groups.sort_by_key(|(name, members)| (members.len(), name.clone()));
        groups.truncate(GROUPS_MAX);
        let mut accounts = HashMap::new();
        let mut peers = Vec::new();
        for (group, members) in groups {
            let having = self.having(request, &members, &mut accounts).await?;
            if !having.is_empty() {
                peers.push(Peers { group, members: members.len(), having });
            }
        }
        Ok(RequestContext { peers, seats })
    }

    async fn having(
        &self,
        request: &Clearance,
        members: &[IdentityId],
        accounts: &mut HashMap<IdentityId, Option<Account>>,
    ) -> Result<Vec<Having>, StoreFailure> {
        let catalogue = self.sites().get(&request.site).map(|site| site.catalogue());
        let floor_of = |room: RoomId| -> Option<FloorId> {
            catalogue.as_ref().and_then(|catalogue| catalogue.rooms.get(&room)).map(|room| room.floor)
        };
        let mut having: Vec<Having> = request
            .lines
            .iter()
            .map(|line| Having { line: line.key.clone(), what: line.what.clone(), of: 0, have: 0 })
            .collect();
        for member in members.iter().take(ASKED_MAX) {
            if !accounts.contains_key(member) {
                let link = self.store.link(member, &request.site).await?.filter(|l| l.ended_at.is_none());
                let account = match link {
                    Some(link) => self.store.account(&link.account).await?.filter(Account::is_live),
                    None => None,
                };
                accounts.insert(member.clone(), account);
            }
            let Some(Some(account)) = accounts.get(member) else { continue };
            for one in &mut having {
                if let Some(has) = lines::holds(account, &one.line, floor_of) {
                    one.of += 1;
                    one.have += usize::from(has);
                }
            }
        }
        having.retain(|one| one.of > 0);
        Ok(having)
    }

    fn seats_asked(&self, request: &Clearance) -> Vec<SeatAsked> {
        let Some(site) = self.sites().get(&request.site) else { return Vec::new() };
        let catalogue = site.catalogue();
        let seating = site.seating.lock().unwrap_or_else(PoisonError::into_inner);
        let asked = |line: &str| line.strip_prefix("seat+:").or(line.strip_prefix("seat-:"))?.parse().ok();
        let told = |line: &lanyard_model::clearance::GatedLine| {
            let room = RoomId(asked(&line.key)?);
            let floor = catalogue.rooms.get(&room)?.floor;
            let (floor_taken, floor_seats) = seating.load(floor);
            Some(SeatAsked {
                line: line.key.clone(),
                place: catalogue.room_path(room),
                free: seating.is_free_for(room, &request.identity),
                floor: catalogue.floor_path(floor),
                floor_seats,
                floor_taken,
            })
        };
        request.lines.iter().filter_map(told).collect()
    }
}
