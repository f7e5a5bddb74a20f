//! From resolved places to wishes.

use lanyard_model::{
    account::{Account, FieldName},
    desired::{PlaceNote, SeatWish, Team},
    id::{FloorId, SectionId},
};

use crate::{bind::PlaceIds, document::SeatKind};

/// `None` if the names that matter for this kind of seat exist nowhere.
pub(crate) fn wish(ids: &PlaceIds, seat: SeatKind, near: Option<Team>) -> Option<SeatWish> {
    match seat {
        SeatKind::Desk | SeatKind::Table => {
            (!ids.floors.is_empty() || !ids.rooms.is_empty()).then(|| SeatWish::Desk {
                floors: if ids.rooms.is_empty() { ids.floors.clone() } else { Vec::new() },
                kinds: ids.kinds.clone(),
                rooms: ids.rooms.clone(),
                near,
            })
        }
        SeatKind::Section => ids.section.map(|section| SeatWish::Section { section }),
        SeatKind::Remote => Some(SeatWish::Remote),
    }
}

/// Where a place held lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Spot {
    Floor(FloorId),
    Section(SectionId),
}

/// The place an account holds, as a wish to keep it.
pub(crate) fn held(account: &Account) -> Option<(SeatWish, Option<Spot>)> {
    if let Some(seat) = account.seat {
        let wish =
            SeatWish::Desk { floors: Vec::new(), kinds: Vec::new(), rooms: vec![seat.room], near: None };
        return Some((wish, seat.floor.map(Spot::Floor)));
    }
    account.section.map(|section| (SeatWish::Section { section }, Some(Spot::Section(section))))
}

/// The default place as text. Placeholders without a value vanish with the ` / ` before them.
pub(crate) fn note(ids: &PlaceIds, field: &FieldName, template: &str) -> Option<PlaceNote> {
    let names = &ids.names;
    let floors = names.floors.join(" or ");
    let text = [
        ("{building}", names.building.as_deref().unwrap_or_default()),
        ("{floor}", floors.as_str()),
        ("{section}", names.section.as_deref().unwrap_or_default()),
    ]
    .into_iter()
    .fold(template.to_owned(), |text, (placeholder, value)| {
        if value.is_empty() {
            text.replace(&format!(" / {placeholder}"), "").replace(placeholder, "")
        } else {
            text.replace(placeholder, value)
        }
    });
    let text = text.trim().trim_start_matches("/ ").to_owned();
    (!text.is_empty()).then_some(PlaceNote { field: *field, text })
}
