//! A user on the wire.

use serde_json::{Value, json};

use crate::ioffice::{
    categories,
    noun::Noun,
    selector::{Selector, Want},
    table::Id,
    view::View,
    wire::Fields,
};

use super::{Role, User, text_index};

const RESET_ATTEMPTS: u8 = 3;

/// Adds the chosen properties of a user.
pub(crate) fn fields(view: &View<'_>, id: Id, user: &User, selector: &Selector, shown: &mut Fields) {
    for pick in &selector.0 {
        let name = pick.name.as_str();
        if let Some(value) = field(view, id, user, name, pick.want()) {
            shown.insert(name.to_owned(), value);
        }
    }
    if !user.active {
        // A read by id is the only place where an inactive user shows.
        shown.insert("active".into(), false.into());
    }
}

fn field(view: &View<'_>, id: Id, user: &User, name: &str, want: Want<'_>) -> Option<Value> {
    let decorated = view.decorated;
    if let Some(index) = text_index(name) {
        let text = user.text_at(index);
        let printed = !text.is_empty() || (decorated && view.settings.prints_empty(id, empty_every(name)));
        return printed.then(|| text.into());
    }
    match name {
        "active" => (view.internal || !view.settings.published_only).then(|| user.active.into()),
        "floorWarden" => Some(user.floor_warden.into()),
        "specialNeeds" => Some(user.special_needs.into()),
        "userType" => view.reference(Noun::UserType, user.user_type, want),
        "room" if user.room == 0 && decorated && view.settings.prints_empty(id, 7) => Some(json!({})),
        "room" => view.reference(Noun::Room, user.room, want),
        "seatClassification" => user.seating.as_str().map(Value::from),
        "neighborhoodSection" if user.section == 0 && decorated && view.settings.prints_empty(id, 11) => {
            Some(json!({}))
        }
        "neighborhoodSection" => view.reference(Noun::Section, user.section, want),
        "mailStop" => view.reference(Noun::MailStop, user.mail_stop, want),
        "costCenter" => view.reference(Noun::Item, user.cost_center, want),
        "costCenters" if view.internal || view.settings.cost_centers_readable => {
            Some(user.cost_centers.iter().map(|&item| view.show(Noun::Item, item, want)).collect())
        }
        "image" => user.avatar.as_deref().map(|name| image(id, name, want)),
        "permissions" => Some(permissions(view, user, want)),
        "siteAdmin" => Some(user.site_admin.into()),
        "color" => Some(color(id).into()),
        "passwordResetAttemptsRemaining" => Some(RESET_ATTEMPTS.into()),
        "passwordResetEmailSentAt" => (user.reset_sent != 0).then(|| user.reset_sent.into()),
        "dateCreated" => Some(user.created.into()),
        "dateUpdated" => (user.updated != user.created).then(|| user.updated.into()),
        "lastUpdatedBy" => view.reference(Noun::User, user.updated_by, Want::Stub),
        name => ancestor_name(view, user, name),
    }
}

/// How often an absent text of a user is printed as `""`: most often for `knownAs`, as in the vendor's samples.
fn empty_every(name: &str) -> u32 {
    match name {
        "knownAs" => 2,
        "middleName" | "extension" | "company" => 5,
        "mobile" | "jobTitle" => 13,
        _ => 101,
    }
}

/// `costCenter1`, `costCenter2`…: names along the path from the root to the default item.
fn ancestor_name(view: &View<'_>, user: &User, name: &str) -> Option<Value> {
    let level: usize = name.strip_prefix("costCenter")?.parse().ok()?;
    if user.cost_center == 0 {
        return None;
    }
    let mut path = categories::ancestors(view.state, user.cost_center);
    path.reverse();
    path.push(user.cost_center);
    let item = view.state.doc(Noun::Item, *path.get(level.checked_sub(1)?)?)?;
    Some(item.name().into())
}

/// Permission entries: `{role, center}`, or the one that was picked; the center always as a reference.
pub(crate) fn permissions(view: &View<'_>, user: &User, want: Want<'_>) -> Value {
    let entry = |&(id, role): &(Id, Role)| {
        let mut shown = Fields::new();
        if want.member("role").is_some() {
            shown.insert("role".into(), role.as_str().into());
        }
        if let Some(center) = want.member("center") {
            shown.insert("center".into(), view.show(Noun::Center, id, center));
        }
        Value::Object(shown)
    };
    user.permissions.iter().map(entry).collect()
}

/// A picture is shown under selectors only, where its empty description stays absent; its name is there at every level.
fn image(id: Id, file_name: &str, want: Want<'_>) -> Value {
    let all = ["smallSquare", "small", "medium", "large", "original"];
    let sizes = all.into_iter().filter(|name| want.member(name).is_some());
    let sizes = sizes.map(|name| (name.to_owned(), Value::from(format!("/images/users/{id}/{name}.png"))));
    sizes.chain([("name".to_owned(), file_name.into())]).collect::<Fields>().into()
}

fn color(id: Id) -> String {
    format!("#{:06X}", id.wrapping_mul(0x9E37_79B1) >> 8)
}
