//! Users: the record, the table and its indexes. What calls do with them is in the files beside this one.

pub(crate) mod calls;
pub(crate) mod lifecycle;
pub(crate) mod permissions;
pub(crate) mod quicksearch;
mod search;
mod show;
pub(crate) mod types;
pub(crate) mod write;

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock},
};

use super::{
    noun::USER_TEXTS,
    table::{Id, Row, Table},
};

pub(crate) use self::{permissions::Role, show::fields};

/// Where somebody sits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Seating {
    #[default]
    Unset,
    Assigned,
    Hybrid,
    Remote,
}

impl Seating {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        match text.to_ascii_lowercase().as_str() {
            "" => Some(Self::Unset),
            "assigned" => Some(Self::Assigned),
            "hybrid" => Some(Self::Hybrid),
            "remote" => Some(Self::Remote),
            _ => None,
        }
    }
    pub(crate) fn as_str(self) -> Option<&'static str> {
        match self {
            Self::Unset => None,
            Self::Assigned => Some("assigned"),
            Self::Hybrid => Some("hybrid"),
            Self::Remote => Some("remote"),
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct User {
    /// Texts by their place in [`USER_TEXTS`], ascending; absent and empty texts are not here.
    texts: Vec<(u8, Arc<str>)>,
    pub(crate) active: bool,
    pub(crate) site_admin: bool,
    pub(crate) floor_warden: bool,
    pub(crate) special_needs: bool,
    /// The picture's file name, if there is one.
    pub(crate) avatar: Option<Box<str>>,
    pub(crate) seating: Seating,
    pub(crate) user_type: Id,
    // References; 0 is none.
    pub(crate) room: Id,
    pub(crate) section: Id,
    pub(crate) mail_stop: Id,
    pub(crate) cost_center: Id,
    pub(crate) cost_centers: Box<[Id]>,
    pub(crate) permissions: Box<[(Id, Role)]>,
    /// Local accounts only; people who sign in through SSO have none and cannot call the API.
    pub(crate) password: Option<Box<str>>,
    pub(crate) reset_sent: i64,
    pub(crate) created: i64,
    pub(crate) updated: i64,
    pub(crate) updated_by: Id,
}

impl Row for User {
    /// Inactive users vanish from lists.
    fn listed(&self) -> bool {
        self.active
    }
}

/// The place of a text property in [`USER_TEXTS`].
pub(crate) fn text_index(name: &str) -> Option<u8> {
    /// Asked for every property of every user of every list.
    static PLACES: LazyLock<HashMap<&'static str, u8>> =
        LazyLock::new(|| (0..).zip(USER_TEXTS).map(|(place, name)| (*name, place)).collect());
    PLACES.get(name).copied()
}

impl User {
    pub(crate) fn new(created: i64) -> Self {
        Self {
            texts: Vec::new(),
            active: true,
            site_admin: false,
            floor_warden: false,
            special_needs: false,
            avatar: None,
            seating: Seating::Unset,
            user_type: 1, // Employee.
            room: 0,
            section: 0,
            mail_stop: 0,
            cost_center: 0,
            cost_centers: Box::default(),
            permissions: Box::default(),
            password: None,
            reset_sent: 0,
            created,
            updated: created,
            updated_by: 0,
        }
    }

    pub(crate) fn text(&self, name: &str) -> &str {
        text_index(name).map_or("", |index| self.text_at(index))
    }

    pub(crate) fn text_at(&self, index: u8) -> &str {
        match self.texts.binary_search_by_key(&index, |(key, _)| *key) {
            Ok(place) => &self.texts[place].1,
            Err(_) => "",
        }
    }

    /// A text in lower case, sharing the user's own where that is lower case already: indexes hold a million of them.
    pub(crate) fn lower(&self, name: &str) -> Arc<str> {
        let held = text_index(name)
            .and_then(|index| self.texts.binary_search_by_key(&index, |(key, _)| *key).ok())
            .map(|place| &self.texts[place].1);
        match held {
            Some(text) => {
                let lower = text.to_lowercase();
                if *lower == **text { Arc::clone(text) } else { lower.into() }
            }
            None => Arc::from(""),
        }
    }

    pub(crate) fn set_text_at(&mut self, index: u8, value: impl Into<Arc<str>>) {
        let value = value.into();
        match self.texts.binary_search_by_key(&index, |(key, _)| *key) {
            Ok(place) if value.is_empty() => {
                self.texts.remove(place);
            }
            Ok(place) => self.texts[place].1 = value,
            Err(_) if value.is_empty() => {}
            Err(place) => self.texts.insert(place, (index, value)),
        }
    }

    /// Gives back what the texts do not need.
    pub(crate) fn pack(&mut self) {
        self.texts.shrink_to_fit();
    }

    /// Sets a text property by name; unknown names do nothing.
    pub(crate) fn set_text(&mut self, name: &str, value: impl Into<Arc<str>>) {
        if let Some(index) = text_index(name) {
            self.set_text_at(index, value);
        }
    }

    /// `(knownAs or firstName) + " " + lastName`.
    pub(crate) fn name(&self) -> String {
        let known_as = self.text("knownAs");
        let first = if known_as.is_empty() { self.text("firstName") } else { known_as };
        format!("{first} {}", self.text("lastName")).trim().to_owned()
    }

    pub(crate) fn role_in(&self, center: Id) -> Option<Role> {
        self.permissions.iter().find(|(id, _)| *id == center).map(|(_, role)| *role)
    }

    pub(crate) fn administers_something(&self) -> bool {
        self.permissions.iter().any(|(_, role)| *role == Role::Administrator)
    }

    /// OPERATOR or ADMINISTRATOR somewhere.
    pub(crate) fn is_staff(&self) -> bool {
        self.permissions.iter().any(|(_, role)| role.is_staff())
    }
}

/// Users with their indexes: user name, search texts, seats, sections.
#[derive(Debug, Default)]
pub(crate) struct Users {
    table: Table<User>,
    by_name: HashMap<Arc<str>, Id>,
    in_room: HashMap<Id, Vec<Id>>,
    in_section: HashMap<Id, Vec<Id>>,
    texts: search::SearchTexts,
    /// Names of hard-deleted users: other records keep pointing at them.
    erased: HashMap<Id, Box<str>>,
}

impl Users {
    pub(crate) fn table(&self) -> &Table<User> {
        &self.table
    }
    pub(crate) fn start_ids_at(&mut self, next: Id) {
        self.table.start_ids_at(next);
    }
    pub(crate) fn get(&self, id: Id) -> Option<&User> {
        self.table.get(id)
    }
    pub(crate) fn is_active(&self, id: Id) -> bool {
        self.get(id).is_some_and(|user| user.active)
    }
    pub(crate) fn erased_name(&self, id: Id) -> Option<&str> {
        self.erased.get(&id).map(|name| &**name)
    }

    /// The user with a user name, whatever its letter case.
    pub(crate) fn by_user_name(&self, name: &str) -> Option<Id> {
        self.by_name.get(name.to_lowercase().as_str()).copied()
    }
    pub(crate) fn in_room(&self, room: Id) -> &[Id] {
        self.in_room.get(&room).map_or(&[], Vec::as_slice)
    }
    pub(crate) fn in_section(&self, section: Id) -> &[Id] {
        self.in_section.get(&section).map_or(&[], Vec::as_slice)
    }

    /// Active users that `text` (lower case) finds, ascending.
    pub(crate) fn search(&self, text: &str) -> Vec<Id> {
        self.texts.find(text, |id| self.is_active(id))
    }

    /// Active or not, with this e-mail address.
    pub(crate) fn with_email(&self, email: &str) -> impl Iterator<Item = Id> {
        let email = email.to_lowercase();
        self.texts
            .find(&email, |_| true)
            .into_iter()
            .filter(move |&id| self.get(id).is_some_and(|user| user.text("email").to_lowercase() == email))
    }

    /// Puts a user in, new or changed, and keeps every index right.
    pub(crate) fn put(&mut self, id: Id, user: User) {
        let old = self.table.get(id);
        let (old_name, old_room, old_section) = old.map_or((String::new(), 0, 0), |old| {
            (old.text("userName").to_lowercase(), old.room, old.section)
        });
        let name = user.lower("userName");
        if *old_name != *name {
            self.by_name.remove(old_name.as_str());
            if !name.is_empty() {
                self.by_name.insert(name, id);
            }
        }
        move_holder(&mut self.in_room, id, old_room, user.room);
        move_holder(&mut self.in_section, id, old_section, user.section);
        self.texts.set(id, self.table.get(id), Some(&user));
        self.table.insert(id, user);
    }

    pub(crate) fn push(&mut self, user: User) -> Id {
        let id = self.table.next_id();
        self.put(id, user);
        id
    }

    /// Changes a user in place.
    pub(crate) fn edit(&mut self, id: Id, change: impl FnOnce(&mut User)) {
        if let Some(mut user) = self.table.get(id).cloned() {
            change(&mut user);
            self.put(id, user);
        }
    }

    /// Removes a user for good. The user name stays taken; the display name stays known.
    pub(crate) fn erase(&mut self, id: Id) {
        if let Some(user) = self.table.get(id) {
            self.erased.insert(id, user.name().into());
            let (room, section) = (user.room, user.section);
            self.texts.set(id, self.table.get(id), None);
            move_holder(&mut self.in_room, id, room, 0);
            move_holder(&mut self.in_section, id, section, 0);
            self.table.remove(id);
        }
    }
}

fn move_holder(holders: &mut HashMap<Id, Vec<Id>>, id: Id, from: Id, to: Id) {
    if from == to {
        return;
    }
    if let Some(list) = holders.get_mut(&from) {
        list.retain(|&holder| holder != id);
        if list.is_empty() {
            holders.remove(&from);
        }
    }
    if to != 0 {
        let list = holders.entry(to).or_default();
        let place = list.binary_search(&id).unwrap_or_else(|place| place);
        list.insert(place, id);
    }
}
