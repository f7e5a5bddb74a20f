//! One role per center (§3.5).

use serde_json::{Value, json};

use crate::ioffice::{
    call::Call,
    noun::Noun,
    selector::Want,
    settings::PermissionsPut,
    state::State,
    table::Id,
    wire::{Answer, Outcome, Refusal, ref_id},
};

use super::{User, calls::readable, show};

/// A role in a center, weakest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Role {
    Customer,
    Manager,
    Technician,
    Operator,
    Administrator,
}

impl Role {
    const ALL: [Self; 5] =
        [Self::Customer, Self::Manager, Self::Technician, Self::Operator, Self::Administrator];

    /// Upper case, as permission bodies have it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Customer => "CUSTOMER",
            Self::Manager => "MANAGER",
            Self::Technician => "TECHNICIAN",
            Self::Operator => "OPERATOR",
            Self::Administrator => "ADMINISTRATOR",
        }
    }
    pub(crate) fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == text)
    }
    /// Lower case, as the filter of the user list has it.
    pub(crate) fn parse_filter(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str().to_ascii_lowercase() == text)
    }
    /// May act for others in the center.
    pub(crate) fn is_staff(self) -> bool {
        self >= Self::Operator
    }
}

/// The role that counts in a center: the entry, or CUSTOMER where the center gives it to everybody.
pub(crate) fn effective_role(call: &Call<'_>, user: &User, center: Id) -> Option<Role> {
    user.role_in(center).or_else(|| implicit_customer(call, center).then_some(Role::Customer))
}

fn implicit_customer(call: &Call<'_>, center: Id) -> bool {
    let settings = call.settings;
    settings.implicit_customer_centers.contains(&center)
        || settings.implicit_customer_modules.iter().any(|module| module == call.state.center_module(center))
}

pub(crate) fn get(call: &mut Call<'_>) -> Outcome {
    let id = readable(call)?;
    let view = call.view();
    Answer::ok(call.state.users.get(id).map_or(json!([]), |user| show::permissions(&view, user, Want::Stub)))
}

pub(crate) fn put(call: &mut Call<'_>) -> Outcome {
    let id = readable(call)?;
    let sent = match &call.body {
        Some(Value::Array(entries)) => parse(call.state, entries)?,
        _ => return Err(Refusal::invalid("the body must be an array of permissions")),
    };
    let user = call.state.users.get(id).ok_or_else(|| Refusal::not_found("user"))?;
    if !user.active && call.settings.inactive_edit_refused {
        return Err(Refusal::invalid("the user is inactive"));
    }
    let mut entries = sent;
    if call.settings.permissions_put == PermissionsPut::Merge {
        let kept =
            user.permissions.iter().filter(|(center, _)| entries.iter().all(|(sent, _)| sent != center));
        let kept: Vec<_> = kept.copied().collect();
        entries.extend(kept);
    }
    entries.sort_unstable();
    need_rights_over(call, user, &entries)?;
    set(call, id, entries.into())?;
    let body = call.shown(Noun::User, id)?;
    Answer::ok(body)
}

fn parse(state: &State, entries: &[Value]) -> Result<Vec<(Id, Role)>, Refusal> {
    let mut parsed: Vec<(Id, Role)> = Vec::with_capacity(entries.len());
    for entry in entries {
        let center =
            entry.get("center").and_then(ref_id).ok_or_else(|| Refusal::invalid("center.id is required"))?;
        let role = entry.get("role").and_then(Value::as_str).and_then(Role::parse);
        let role = role.ok_or_else(|| {
            Refusal::invalid("role must be CUSTOMER, MANAGER, TECHNICIAN, OPERATOR or ADMINISTRATOR")
        })?;
        if !state.exists(Noun::Center, center) {
            return Err(Refusal::invalid(format!("there is no center {center}")));
        }
        if parsed.iter().any(|(id, _)| *id == center) {
            return Err(Refusal::invalid(format!("center {center} appears twice")));
        }
        parsed.push((center, role));
    }
    Ok(parsed)
}

/// Site admin, or ADMINISTRATOR of every center whose entry changes.
fn need_rights_over(call: &Call<'_>, user: &User, entries: &[(Id, Role)]) -> Result<(), Refusal> {
    if call.is_site_admin() {
        return Ok(());
    }
    let new = |center: Id| entries.iter().find(|(id, _)| *id == center).map(|(_, role)| *role);
    let touched = entries.iter().chain(user.permissions.iter()).map(|(center, _)| *center);
    let caller = call.state.users.get(call.caller());
    for center in touched.filter(|&center| new(center) != user.role_in(center)) {
        if caller.and_then(|caller| caller.role_in(center)) != Some(Role::Administrator) {
            return Err(Refusal::denied(format!("the caller does not administer center {center}")));
        }
    }
    Ok(())
}

pub(crate) fn set(call: &mut Call<'_>, id: Id, permissions: Box<[(Id, Role)]>) -> Result<(), Refusal> {
    let (now, caller) = (call.now(), call.caller());
    call.change(Noun::User, id, |call| {
        call.state.users.edit(id, |user| {
            user.permissions = permissions;
            user.updated = now;
            user.updated_by = caller;
        });
        Ok(())
    })
}
