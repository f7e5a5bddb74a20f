//! Reads of users, and the thin calls around them.

use serde_json::{Value, json};

use crate::ioffice::{
    call::Call,
    list::Chosen,
    noun::Noun,
    settings::{InactiveById, UnprivilegedList},
    table::Id,
    wire::{Answer, Outcome, Refusal},
};

use super::{Role, lifecycle, quicksearch, write};

const FILTERS: &[&str] =
    &["centerId", "role", "userTypeId", "siteAdmin", "hasRoom", "hasDefaultVisitorCenter", "savedSearchId"];

pub(crate) fn list(call: &mut Call<'_>) -> Outcome {
    call.check_parameters(FILTERS)?;
    let query = &call.query;
    let center = query.id("centerId")?;
    let role = match query.text("role") {
        None => None,
        Some(text) => Some(Role::parse_filter(text).ok_or_else(|| Refusal::invalid("unknown role"))?),
    };
    let center_role = match (center, role) {
        (Some(center), Some(role)) => Some((center, role)),
        (None, None) => None,
        //
        _ => return Err(Refusal::invalid("centerId and role each require the other")),
    };
    let (user_type, site_admin) = (query.id("userTypeId")?, query.flag("siteAdmin")?);
    let (has_room, has_visitor_center) = (query.flag("hasRoom")?, query.flag("hasDefaultVisitorCenter")?);
    let saved = query.id("savedSearchId")?;
    let scope = scope(call)?;
    let filtered = FILTERS.iter().any(|name| call.query.text(name).is_some()) || scope.is_some();
    call.list(Noun::User, filtered, |call| {
        if let Some(only) = scope {
            return Ok(Chosen::from(vec![only]));
        }
        let saved = saved.map(|id| quicksearch::saved_filters(call.state, id)).transpose()?;
        let rows = call.state.users.table().iter_listed().filter(|(_, user)| {
            center_role.is_none_or(|(center, role)| user.role_in(center) == Some(role))
                && user_type.is_none_or(|id| user.user_type == id)
                && site_admin.is_none_or(|flag| user.site_admin == flag)
                && has_room.is_none_or(|flag| (user.room != 0) == flag)
                // The attribute behind this filter is unpublished; nobody here has one.
                && has_visitor_center.is_none_or(|flag| !flag)
                && saved.as_ref().is_none_or(|filters| filters.admit(user))
        });
        Ok(rows.map(|(id, _)| id).collect::<Vec<_>>().into())
    })
}

/// the single row that a caller without any staff role sees, `None` for everything.
pub(crate) fn scope(call: &Call<'_>) -> Result<Option<Id>, Refusal> {
    let caller = call.caller();
    if call.is_site_admin() || call.state.users.get(caller).is_some_and(super::User::is_staff) {
        return Ok(None);
    }
    match call.settings.unprivileged_list {
        UnprivilegedList::All => Ok(None),
        UnprivilegedList::OwnRow => Ok(Some(caller)),
        UnprivilegedList::Forbidden => Err(Refusal::denied("the caller may not list users")),
    }
}

/// The user in the path, if a read by id shows it.
pub(crate) fn readable(call: &Call<'_>) -> Result<Id, Refusal> {
    let id = call.existing(Noun::User)?;
    if !call.state.users.is_active(id) && call.settings.inactive_by_id == InactiveById::NotFound {
        return Err(Refusal::not_found("user"));
    }
    Ok(id)
}

pub(crate) fn get(call: &mut Call<'_>) -> Outcome {
    let id = readable(call)?;
    Answer::ok(call.shown(Noun::User, id)?)
}

pub(crate) fn me(call: &mut Call<'_>) -> Outcome {
    call.check_parameters(&[])?;
    let id = call.caller();
    Answer::ok(call.shown(Noun::User, id)?)
}

pub(crate) fn create(call: &mut Call<'_>) -> Outcome {
    call.need_staff()?;
    let body = call.fields()?;
    let id = write::create(call, &body)?;
    Answer::created(call.shown(Noun::User, id)?)
}

pub(crate) fn update(call: &mut Call<'_>) -> Outcome {
    let id = call.existing(Noun::User)?;
    call.need_staff()?;
    let body = call.fields_for(id)?;
    write::update(call, id, &body)?;
    if call.settings.put_user_body { Answer::ok(call.shown(Noun::User, id)?) } else { Ok(Answer::Empty(200)) }
}

pub(crate) fn remove(call: &mut Call<'_>) -> Outcome {
    let id = call.existing(Noun::User)?;
    call.need_staff()?;
    lifecycle::delete(call, id)?;
    Answer::removed()
}

/// `{"available":"true"}` means free: the documented string boolean.
pub(crate) fn user_name_available(call: &mut Call<'_>) -> Outcome {
    let name = call.args.first().cloned().unwrap_or_default();
    let free = call.state.users.by_user_name(&name).is_none();
    Answer::ok(json!({ "available": if free { "true" } else { "false" } }))
}

pub(crate) fn reset_password(call: &mut Call<'_>) -> Outcome {
    let id = readable(call)?;
    call.need_staff()?;
    let (now, caller) = (call.now(), call.caller());
    call.change(Noun::User, id, |call| {
        call.state.users.edit(id, |user| {
            user.reset_sent = now;
            user.updated = now;
            user.updated_by = caller;
        });
        Ok(())
    })?;
    Answer::ok(call.shown(Noun::User, id)?)
}

pub(crate) fn attach_avatar(call: &mut Call<'_>) -> Outcome {
    let id = readable(call)?;
    call.need_staff()?;
    let body = call.fields()?;
    let filled = |name: &str| body.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let (Some(_), Some(file_name)) = (filled("image"), filled("fileName")) else {
        return Err(Refusal::invalid("image and fileName are required"));
    };
    let (now, caller) = (call.now(), call.caller());
    call.change(Noun::User, id, |call| {
        call.state.users.edit(id, |user| {
            user.avatar = Some(file_name.into());
            user.updated = now;
            user.updated_by = caller;
        });
        Ok(())
    })?;
    Answer::ok(call.shown(Noun::User, id)?)
}

/// Vendor tokens (`reportAuth`, `supportAuth`): they exist, and are nobody's business.
pub(crate) fn vendor_token(call: &mut Call<'_>) -> Outcome {
    call.check_parameters(&[])?;
    Answer::ok(json!({ "token": format!("vendor-{}", call.caller()) }))
}
