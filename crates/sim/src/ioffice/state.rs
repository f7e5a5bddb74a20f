//! Everything a site holds, and the indexes over it.

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;

use super::{
    auth::Grants,
    doc::Doc,
    noun::{DOC_NOUNS, Noun},
    reservations::Reservations,
    table::{Id, Table},
    users::Users,
    visitors::Visitors,
};

#[derive(Debug)]
pub(crate) struct State {
    docs: Vec<Table<Doc>>,
    pub(crate) users: Users,
    pub(crate) reservations: Reservations,
    pub(crate) visitors: Visitors,
    pub(crate) grants: Grants,
    /// Reservation rules by center, verbatim and in order.
    pub(crate) rules: BTreeMap<Id, Vec<Value>>,
    /// Items of a move request, and sections of a neighborhood, are found through their parents.
    pub(crate) children: HashMap<(Noun, Id), Vec<Id>>,
    /// Rises with every accepted change: cached lists of an older generation are void.
    pub(crate) generation: u64,
    /// The organisation's name, as the SFTP page shows it.
    pub(crate) org_name: String,
    pub(crate) service_account: Id,
}

impl State {
    pub(crate) fn new() -> Self {
        Self {
            docs: (0..DOC_NOUNS).map(|_| Table::default()).collect(),
            users: Users::default(),
            reservations: Reservations::default(),
            visitors: Visitors::default(),
            grants: Grants::default(),
            rules: BTreeMap::new(),
            children: HashMap::new(),
            generation: 0,
            org_name: "site".into(),
            service_account: 0,
        }
    }

    /// The table of a simple noun. Users and reservations have none: theirs is empty, and stays so.
    pub(crate) fn docs(&self, noun: Noun) -> &Table<Doc> {
        &self.docs[(noun as usize).min(DOC_NOUNS - 1)]
    }

    pub(crate) fn docs_mut(&mut self, noun: Noun) -> &mut Table<Doc> {
        &mut self.docs[(noun as usize).min(DOC_NOUNS - 1)]
    }

    pub(crate) fn doc(&self, noun: Noun, id: Id) -> Option<&Doc> {
        self.docs(noun).get(id)
    }

    pub(crate) fn exists(&self, noun: Noun, id: Id) -> bool {
        match noun {
            Noun::User => self.users.get(id).is_some(),
            Noun::Reservation => self.reservations.get(id).is_some(),
            noun => self.docs(noun).contains(id),
        }
    }

    pub(crate) fn insert_doc(&mut self, noun: Noun, id: Id, doc: Doc) {
        if let Some(parent) = parent_of(noun, &doc) {
            let children = self.children.entry((noun, parent)).or_default();
            if !children.contains(&id) {
                children.push(id);
            }
        }
        self.docs_mut(noun).insert(id, doc);
    }

    /// Replaces a record, keeping the parent index right.
    pub(crate) fn replace_doc(&mut self, noun: Noun, id: Id, doc: Doc) {
        self.detach(noun, id);
        self.insert_doc(noun, id, doc);
    }

    pub(crate) fn remove_doc(&mut self, noun: Noun, id: Id) {
        self.detach(noun, id);
        self.docs_mut(noun).remove(id);
    }

    fn detach(&mut self, noun: Noun, id: Id) {
        if let Some(parent) = self.doc(noun, id).and_then(|doc| parent_of(noun, doc))
            && let Some(children) = self.children.get_mut(&(noun, parent))
        {
            children.retain(|&child| child != id);
        }
    }

    /// Records of `noun` under `parent`: rooms of a floor, floors of a building, items of an item or category level
    /// above, sections of a neighborhood, items of a move request.
    pub(crate) fn children(&self, noun: Noun, parent: Id) -> &[Id] {
        self.children.get(&(noun, parent)).map_or(&[], Vec::as_slice)
    }

    /// The building that a room lies in; 0 if the chain is broken.
    pub(crate) fn building_of_room(&self, room: Id) -> Id {
        self.building_of_floor(self.doc(Noun::Room, room).map_or(0, |room| room.reference("floor")))
    }

    /// The building that a floor lies in; 0 if there is no such floor.
    pub(crate) fn building_of_floor(&self, floor: Id) -> Id {
        self.doc(Noun::Floor, floor).map_or(0, |floor| floor.reference("building"))
    }

    pub(crate) fn center_module(&self, center: Id) -> &str {
        self.doc(Noun::Center, center).map_or("", |center| center.text("module"))
    }

    pub(crate) fn center_serves(&self, center: Id, building: Id) -> bool {
        self.doc(Noun::Center, center)
            .is_some_and(|center| center.references("buildings").any(|id| id == building))
    }
}

fn parent_of(noun: Noun, doc: &Doc) -> Option<Id> {
    let parent = match noun {
        Noun::Floor => doc.reference("building"),
        Noun::Room => doc.reference("floor"),
        Noun::Item => doc.reference("costCenterParent"),
        Noun::Section => doc.reference("neighborhood"),
        Noun::MoveItem => doc.reference("request"),
        _ => 0,
    };
    (parent != 0).then_some(parent)
}
