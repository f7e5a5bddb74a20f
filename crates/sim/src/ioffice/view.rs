//! How records look on the wire: stubs, chosen fields, nested references.

use serde_json::{Value, json};

use super::{
    doc::Doc,
    noun::{Kind, Noun},
    places, reservations, rules,
    selector::{Selector, Want},
    settings::IofficeSettings,
    state::State,
    table::Id,
    users,
    wire::{Fields, as_id},
};

/// The state as one caller sees it now.
#[derive(Clone, Copy)]
pub(crate) struct View<'a> {
    pub(crate) state: &'a State,
    pub(crate) settings: &'a IofficeSettings,
    pub(crate) caller: Id,
    pub(crate) now: i64,
    /// For the journal and the state dump: nothing is withheld.
    pub(crate) internal: bool,
    /// Some absent values print as `{}` and `""`. Not under a selector: there, empty fields stay absent [D].
    pub(crate) decorated: bool,
}

impl<'a> View<'a> {
    /// A record as far as `want` asks. A record that is gone shows as what is still known of it.
    pub(crate) fn show(&self, noun: Noun, id: Id, want: Want<'_>) -> Value {
        let mut shown = Fields::new();
        shown.insert("id".into(), id.into());
        match noun {
            Noun::User => match self.state.users.get(id) {
                Some(user) => {
                    shown.insert("name".into(), user.name().into());
                    if let Want::Pick(selector) = want {
                        users::fields(self, id, user, selector, &mut shown);
                    }
                }
                None => {
                    shown.extend(
                        self.state.users.erased_name(id).map(|name| ("name".to_owned(), name.into())),
                    );
                }
            },
            Noun::Reservation => {
                if let Some(reservation) = self.state.reservations.get(id) {
                    shown.insert("name".into(), (*reservation.name).into());
                    if let Want::Pick(selector) = want {
                        reservations::fields(self, reservation, selector, &mut shown);
                    }
                }
            }
            noun => {
                if let Some(doc) = self.state.doc(noun, id) {
                    self.doc(noun, id, doc, want, &mut shown);
                }
            }
        }
        Value::Object(shown)
    }

    fn doc(&self, noun: Noun, id: Id, doc: &Doc, want: Want<'_>, shown: &mut Fields) {
        for stub in ["name", "code"] {
            if let Some(value) = doc.get(stub) {
                shown.insert(stub.into(), value.clone());
            }
        }
        if let Some(opaque) = &doc.opaque {
            for (key, value) in opaque.iter() {
                shown.insert(key.clone(), value.clone());
            }
        }
        let Want::Pick(selector) = want else { return };
        for pick in &selector.0 {
            let value = match noun.schema().field(&pick.name) {
                Some(field) => self.doc_field(noun, id, doc, field.name, field.kind, pick.want()),
                None => match pick.name.as_str() {
                    "dateCreated" => Some(doc.created.into()),
                    "dateUpdated" => (doc.updated != doc.created).then(|| doc.updated.into()),
                    "lastUpdatedBy" => self.reference(Noun::User, doc.updated_by, Want::Stub),
                    name => self.computed(noun, id, doc, name, pick.want()),
                },
            };
            if let Some(value) = value {
                shown.insert(pick.name.clone(), value);
            }
        }
    }

    fn doc_field(
        &self,
        noun: Noun,
        id: Id,
        doc: &Doc,
        name: &str,
        kind: Kind,
        want: Want<'_>,
    ) -> Option<Value> {
        let Some(value) = doc.get(name) else {
            return self.decoration(noun, id, name);
        };
        match kind {
            Kind::Ref(target) => self.reference(target, as_id(value)?, want),
            Kind::Refs(target) => Some(
                value.as_array()?.iter().filter_map(as_id).map(|id| self.show(target, id, want)).collect(),
            ),
            Kind::Any => Some(choose(value, want)),
            // Under a selector, empty fields stay absent [D].
            Kind::Text if value == "" && !self.decorated && !self.internal => None,
            Kind::Text | Kind::Number | Kind::Int | Kind::Flag => Some(value.clone()),
        }
    }

    /// Empty values that live replies carry: `{}` for colours, places and parents, `""` for texts (§1.3).
    fn decoration(&self, noun: Noun, id: Id, name: &str) -> Option<Value> {
        if !self.decorated {
            return None;
        }
        match (noun, name) {
            (Noun::Building, "location") | (Noun::Item, "costCenterParent") => Some(json!({})),
            (Noun::Category | Noun::RoomType, "color") => Some(json!({})),
            (Noun::Room, "mailStop") if self.settings.prints_empty(id, 5) => Some(json!({})),
            (Noun::Room, "description") if self.settings.prints_empty(id, 3) => Some("".into()),
            _ => None,
        }
    }

    fn computed(&self, noun: Noun, id: Id, doc: &Doc, name: &str, want: Want<'_>) -> Option<Value> {
        let list = |noun, ids: &mut dyn Iterator<Item = Id>| -> Value {
            ids.map(|id| self.show(noun, id, want)).collect()
        };
        let state = self.state;
        match (noun, name) {
            (Noun::Room, name) => places::room_field(self, id, doc, name, want),
            (Noun::Building, "centers") => {
                let serving = state
                    .docs(Noun::Center)
                    .iter()
                    .filter(|(_, center)| center.references("buildings").any(|b| b == id));
                Some(list(Noun::Center, &mut serving.map(|(center, _)| center)))
            }
            (Noun::RoomType | Noun::Neighborhood | Noun::Center, "rules") => {
                rules::rules_text(self, noun, id).map(Value::from)
            }
            (Noun::SpaceGroup, "roomTypes") => {
                let types = state
                    .docs(Noun::RoomType)
                    .iter()
                    .filter(|(_, kind)| kind.reference("spaceTypeGroup") == id);
                Some(list(Noun::RoomType, &mut types.map(|(kind, _)| kind)))
            }
            (Noun::Category, "depths") => {
                let depths =
                    state.docs(Noun::Depth).iter().filter(|(_, depth)| depth.reference("category") == id);
                Some(list(Noun::Depth, &mut depths.map(|(depth, _)| depth)))
            }
            (Noun::Category, "itemCount") => Some(
                state
                    .docs(Noun::Item)
                    .iter()
                    .filter(|(_, item)| item.reference("category") == id)
                    .count()
                    .into(),
            ),
            (Noun::Item, "parent") => self.reference(Noun::Item, doc.reference("costCenterParent"), want),
            (Noun::Item, "parents") => {
                let chain = super::categories::ancestors(state, id);
                Some(list(Noun::Item, &mut chain.into_iter()))
            }
            (Noun::Item, "childCount") => Some(state.children(Noun::Item, id).len().into()),
            (Noun::Section, "allUsers") => Some(list(
                Noun::User,
                &mut state.users.in_section(id).iter().copied().filter(|&user| state.users.is_active(user)),
            )),
            (Noun::MoveRequest, "items") => {
                Some(list(Noun::MoveItem, &mut state.children(Noun::MoveItem, id).iter().copied()))
            }
            (Noun::MoveItem, "toRoomAvailable") => {
                let room = doc.reference("toRoom");
                state.doc(Noun::Room, room).map(|room_doc| {
                    let seats = room_doc.number("capacity").unwrap_or(1);
                    (i64::try_from(state.users.in_room(room).len()).unwrap_or(i64::MAX) < seats).into()
                })
            }
            _ => None,
        }
    }

    /// A reference, or nothing where none is held.
    pub(crate) fn reference(&self, noun: Noun, id: Id, want: Want<'_>) -> Option<Value> {
        (id != 0).then(|| self.show(noun, id, want))
    }

    /// What the journal keeps of a record; `null` when there is none.
    pub(crate) fn whole(&self, noun: Noun, id: Id) -> Value {
        if self.state.exists(noun, id) {
            Self { internal: true, decorated: false, ..*self }.show(noun, id, Want::Pick(noun.everything()))
        } else {
            Value::Null
        }
    }
}

/// Opaque JSON under a selector: objects shrink to what was asked; one without an id stays whole where nothing was.
pub(crate) fn choose(value: &Value, want: Want<'_>) -> Value {
    match value {
        Value::Array(items) => items.iter().map(|item| choose(item, want)).collect(),
        Value::Object(object) if object.contains_key("id") || matches!(want, Want::Pick(_)) => object
            .iter()
            .filter_map(|(key, value)| {
                if matches!(key.as_str(), "id" | "name" | "code") {
                    return Some((key.clone(), value.clone()));
                }
                let Want::Pick(Selector(picks)) = want else { return None };
                let pick = picks.iter().find(|pick| pick.name == *key)?;
                Some((key.clone(), choose(value, pick.want())))
            })
            .collect::<Fields>()
            .into(),
        value => value.clone(),
    }
}
