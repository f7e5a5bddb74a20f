//! Catalogues kept in the store, for what only reads the mirrors: what-ifs, explanations and the past, when no site can be
//! asked. In pieces: the catalogue of a large site as one text would take more memory than everything else.

use std::{collections::BTreeMap, sync::Arc};

use jiff::Timestamp;
use lanyard_model::{
    id::{BuildingId, CenterId, FloorId, ItemId, RoomId, SectionId, SiteId, UserTypeId},
    place::{Building, Catalogue, Center, Floor, Item, Renamed, Room, Section},
};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::{
    Engine,
    pages::Pages,
    ports::{StoreFailure, Write},
};

/// Spaces in one piece.
const PIECE: usize = 2_000;

/// Everything but the spaces. Reads back as a [`Catalogue`].
#[derive(Serialize)]
struct Head<'c> {
    site: &'c SiteId,
    read_at: Timestamp,
    buildings: &'c BTreeMap<BuildingId, Building>,
    floors: &'c BTreeMap<FloorId, Floor>,
    rooms: BTreeMap<RoomId, Room>,
    centers: &'c BTreeMap<CenterId, Center>,
    sections: &'c BTreeMap<SectionId, Section>,
    #[serde(skip_serializing_if = "Option::is_none")]
    section_rooms: Option<&'c BTreeMap<SectionId, Vec<RoomId>>>,
    items: &'c BTreeMap<ItemId, Item>,
    user_types: &'c BTreeMap<UserTypeId, Arc<str>>,
    formerly: &'c [Renamed],
}

fn head_key(site: &SiteId) -> String {
    format!("catalogue:{site}")
}

fn seal_key(site: &SiteId) -> String {
    format!("catalogue-seal:{site}")
}

fn pieces(site: &SiteId) -> String {
    format!("catalogue-spaces:{site}:")
}

fn damaged(error: impl std::fmt::Display) -> StoreFailure {
    StoreFailure::Damaged(format!("a catalogue cannot be kept: {error}"))
}

impl Engine {
    /// Keeps the catalogues as they are in memory, for [`Engine::load_remembered`].
    pub(crate) async fn remember_catalogues(
        &self,
        sites: impl Iterator<Item = &SiteId>,
    ) -> Result<(), StoreFailure> {
        for id in sites {
            let Some(site) = self.sites().get(id) else { continue };
            let catalogue = site.catalogue();
            let seal = seal_of(&catalogue).map_err(damaged)?;
            if self.store.meta(&seal_key(id)).await?.as_ref() != Some(&seal) {
                self.remember_catalogue(id, &catalogue, seal).await?;
            }
        }
        Ok(())
    }

    /// The seal goes last: pieces of two catalogues, left by an interruption, are written anew by the next sweep.
    async fn remember_catalogue(
        &self,
        id: &SiteId,
        catalogue: &Catalogue,
        seal: String,
    ) -> Result<(), StoreFailure> {
        let prefix = pieces(id);
        let name = |number: usize| format!("{prefix}{number:06}");
        let mut rooms = catalogue.rooms.values();
        let mut count = 0;
        loop {
            let piece: Vec<&Room> = rooms.by_ref().take(PIECE).collect();
            if piece.is_empty() {
                break;
            }
            let value = serde_json::to_string(&piece).map_err(damaged)?;
            self.write(vec![Write::Meta { key: name(count), value }]).await?;
            count += 1;
        }
        let head = Head {
            site: &catalogue.site,
            read_at: catalogue.read_at,
            buildings: &catalogue.buildings,
            floors: &catalogue.floors,
            rooms: BTreeMap::new(),
            centers: &catalogue.centers,
            sections: &catalogue.sections,
            section_rooms: catalogue.section_rooms.as_ref(),
            items: &catalogue.items,
            user_types: &catalogue.user_types,
            formerly: &catalogue.formerly,
        };
        let value = serde_json::to_string(&head).map_err(damaged)?;
        let mut batch = vec![Write::Meta { key: head_key(id), value }];
        // A site that has fewer spaces now.
        let mut number = count;
        while self.store.meta(&name(number)).await?.is_some() {
            batch.push(Write::Meta { key: name(number), value: String::new() });
            number += 1;
        }
        batch.push(Write::Meta { key: seal_key(id), value: seal });
        self.write(batch).await.map(drop)
    }

    /// The catalogue as a sweep kept it; `None`: none did yet.
    pub(crate) async fn recall_catalogue(&self, id: &SiteId) -> Result<Option<Catalogue>, StoreFailure> {
        let Some(head) = self.store.meta(&head_key(id)).await? else { return Ok(None) };
        let Ok(mut catalogue) = serde_json::from_str::<Catalogue>(&head) else { return Ok(None) };
        let prefix = pieces(id);
        let mut pages = Pages::default();
        loop {
            let page = self.store.metas(&prefix, pages.after(), 1).await?;
            let Some((key, piece)) = page.first() else { return Ok(Some(catalogue)) };
            let Ok(rooms) = serde_json::from_str::<Vec<Room>>(piece) else { return Ok(None) };
            catalogue.rooms.extend(rooms.into_iter().map(|room| (room.id, room)));
            pages.seen(key);
        }
    }

    /// Keeps the names of places, so that what somebody held can be told when the site cannot be asked.
    pub(crate) async fn remember_names(&self, site: &SiteId, catalogue: &Catalogue) {
        let (key, value) = (format!("names:{site}"), catalogue.names_text());
        if self.store.meta(&key).await.is_ok_and(|known| known.as_ref() == Some(&value)) {
            return;
        }
        if let Err(failure) = self.write(vec![Write::Meta { key, value }]).await {
            tracing::warn!(%site, %failure, "the names of places could not be remembered; the next read does it");
        }
    }
}

/// Names what a catalogue says; when it was read is no part of it. The text of a large site is not made for it.
fn seal_of(catalogue: &Catalogue) -> Result<String, serde_json::Error> {
    struct Sealing(Sha256);
    impl std::io::Write for Sealing {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.update(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let Catalogue {
        site: _,
        read_at: _,
        buildings,
        floors,
        rooms,
        centers,
        sections,
        section_rooms,
        items,
        user_types,
        formerly,
    } = catalogue;
    let mut sealing = Sealing(Sha256::new());
    let all = (buildings, floors, rooms, centers, sections, section_rooms, items, user_types, formerly);
    serde_json::to_writer(&mut sealing, &all)?;
    Ok(format!("{:x}", sealing.0.finalize()))
}
