//! Categories, their levels and their items (§4): the only group-like objects.

use super::{
    call::Call,
    list::Chosen,
    noun::Noun,
    state::State,
    table::Id,
    wire::{Answer, Fields, Outcome, Refusal},
};

/// Longest chain of parents followed; a loop ends here too.
const LEVELS_MAX: usize = 32;
const DEFAULT_CATEGORY: Id = 1;

/// Parents of an item, nearest first.
pub(crate) fn ancestors(state: &State, item: Id) -> Vec<Id> {
    let mut chain = Vec::new();
    let mut at = item;
    while chain.len() < LEVELS_MAX {
        let parent = state.doc(Noun::Item, at).map_or(0, |item| item.reference("costCenterParent"));
        if parent == 0 || parent == item {
            break;
        }
        chain.push(parent);
        at = parent;
    }
    chain
}

pub(crate) fn list(call: &mut Call<'_>) -> Outcome {
    call.check_parameters(&[])?;
    call.list_docs(Noun::Category, false, |_, _, _| true)
}

pub(crate) fn list_of_type(call: &mut Call<'_>) -> Outcome {
    let kind: u64 = call.path_id(Noun::Category)?.into();
    call.list_docs(Noun::Category, true, |_, _, category| {
        let kinds = category.get("categoryType").and_then(|kinds| kinds.as_array()).into_iter().flatten();
        kinds.filter_map(|kind| kind.get("id").and_then(serde_json::Value::as_u64)).any(|id| id == kind)
    })
}

pub(crate) fn get(call: &mut Call<'_>) -> Outcome {
    let id = call.existing(Noun::Category)?;
    Answer::ok(call.shown(Noun::Category, id)?)
}

/// One page of the documentation says 200 for creates here, another 201.
pub(crate) fn create(call: &mut Call<'_>) -> Outcome {
    call.need_staff()?;
    let body = call.fields()?;
    let id = call.create_doc(Noun::Category, &body)?;
    Answer::ok(call.shown(Noun::Category, id)?)
}

pub(crate) fn update(call: &mut Call<'_>) -> Outcome {
    update_in(call, Noun::Category)
}

fn update_in(call: &mut Call<'_>, noun: Noun) -> Outcome {
    let id = call.existing(noun)?;
    call.need_staff()?;
    let body = call.fields_for(id)?;
    call.update_doc(noun, id, &body)?;
    Answer::ok(call.shown(noun, id)?)
}

/// What is in use stays.
pub(crate) fn remove(call: &mut Call<'_>) -> Outcome {
    let id = call.existing(Noun::Category)?;
    call.need_staff()?;
    let used = call.state.docs(Noun::Item).iter().any(|(_, item)| item.reference("category") == id);
    if used || id == DEFAULT_CATEGORY {
        return Err(Refusal::invalid("the category is in use"));
    }
    call.remove_doc(Noun::Category, id)
}

pub(crate) fn depths(call: &mut Call<'_>) -> Outcome {
    call.check_parameters(&[])?;
    call.list_docs(Noun::Depth, false, |_, _, _| true)
}

pub(crate) fn depth(call: &mut Call<'_>) -> Outcome {
    let id = call.existing(Noun::Depth)?;
    Answer::ok(call.shown(Noun::Depth, id)?)
}

pub(crate) fn create_depth(call: &mut Call<'_>) -> Outcome {
    call.need_staff()?;
    let body = call.fields()?;
    let id = call.create_doc(Noun::Depth, &body)?;
    Answer::created(call.shown(Noun::Depth, id)?)
}

pub(crate) fn update_depth(call: &mut Call<'_>) -> Outcome {
    update_in(call, Noun::Depth)
}

pub(crate) fn remove_depth(call: &mut Call<'_>) -> Outcome {
    let id = call.existing(Noun::Depth)?;
    call.need_staff()?;
    if call.state.docs(Noun::Item).iter().any(|(_, item)| item.reference("depth") == id) {
        return Err(Refusal::invalid("the level is in use"));
    }
    call.remove_doc(Noun::Depth, id)
}

pub(crate) fn items(call: &mut Call<'_>) -> Outcome {
    call.check_parameters(&["category", "parent", "root", "lowestLevel"])?;
    let (category, parent) = (call.query.id("category")?, call.query.id("parent")?);
    let root = call.query.flag("root")?.unwrap_or(false);
    let lowest = call.query.flag("lowestLevel")?.unwrap_or(false);
    let filtered = category.is_some() || parent.is_some() || root || lowest;
    call.list_docs(Noun::Item, filtered, |call, id, item| {
        category.is_none_or(|category| item.reference("category") == category)
            && parent.is_none_or(|parent| item.reference("costCenterParent") == parent)
            && (!root || item.reference("costCenterParent") == 0)
            && (!lowest || call.state.children(Noun::Item, id).is_empty())
    })
}

pub(crate) fn item(call: &mut Call<'_>) -> Outcome {
    let id = call.existing(Noun::Item)?;
    Answer::ok(call.shown(Noun::Item, id)?)
}

pub(crate) fn create_item(call: &mut Call<'_>) -> Outcome {
    call.need_staff()?;
    let body = call.fields()?;
    let mut item = call.merged(Noun::Item, None, &body)?;
    check_parent(call.state, 0, item.reference("costCenterParent"), item.reference("category"))?;
    if item.get("depth").is_none() {
        let level = match item.reference("costCenterParent") {
            0 => 0,
            parent => ancestors(call.state, parent).len() + 1,
        };
        let depths = call.state.docs(Noun::Depth).iter();
        let depth = depths
            .filter(|(_, depth)| depth.reference("category") == item.reference("category"))
            .find(|(_, depth)| depth.number("level").and_then(|at| usize::try_from(at).ok()) == Some(level));
        if let Some((depth, _)) = depth {
            item.set("depth", depth.into());
        }
    }
    let id = call.insert(Noun::Item, item)?;
    Answer::created(call.shown(Noun::Item, id)?)
}

/// A parent is another item of the same category, not below the item itself.
fn check_parent(state: &State, item: Id, parent: Id, category: Id) -> Result<(), Refusal> {
    if parent == 0 {
        return Ok(());
    }
    let same = state.doc(Noun::Item, parent).is_some_and(|parent| parent.reference("category") == category);
    if !same || parent == item || (item != 0 && ancestors(state, parent).contains(&item)) {
        return Err(Refusal::invalid("costCenterParent must be another item of the same category"));
    }
    Ok(())
}

pub(crate) fn update_item(call: &mut Call<'_>) -> Outcome {
    let id = call.existing(Noun::Item)?;
    call.need_staff()?;
    let body: Fields = call.fields_for(id)?;
    let merged = call.merged(Noun::Item, call.state.doc(Noun::Item, id), &body)?;
    check_parent(call.state, id, merged.reference("costCenterParent"), merged.reference("category"))?;
    call.replace(Noun::Item, id, merged)?;
    Answer::ok(call.shown(Noun::Item, id)?)
}

pub(crate) fn remove_item(call: &mut Call<'_>) -> Outcome {
    let id = call.existing(Noun::Item)?;
    call.need_staff()?;
    let state = &*call.state;
    let held =
        state.users.table().iter().any(|(_, user)| user.cost_center == id || user.cost_centers.contains(&id));
    let roomed =
        state.docs(Noun::Room).iter().any(|(_, room)| room.references("costCenters").any(|item| item == id));
    if held || roomed || !state.children(Noun::Item, id).is_empty() {
        return Err(Refusal::invalid("the item is in use"));
    }
    call.remove_doc(Noun::Item, id)
}

pub(crate) fn children(call: &mut Call<'_>) -> Outcome {
    let id = call.existing(Noun::Item)?;
    call.list_docs(Noun::Item, true, |_, _, item| item.reference("costCenterParent") == id)
}

/// Active users of an item: the membership list for audits.
pub(crate) fn item_users(call: &mut Call<'_>) -> Outcome {
    let id = call.existing(Noun::Item)?;
    call.list(Noun::User, true, |call| {
        let rows = call.state.users.table().iter_listed();
        let holding = rows.filter(|(_, user)| user.cost_center == id || user.cost_centers.contains(&id));
        Ok(Chosen::from(holding.map(|(id, _)| id).collect::<Vec<_>>()))
    })
}

/// Active users of any item.
pub(crate) fn assigned_users(call: &mut Call<'_>) -> Outcome {
    call.check_parameters(&[])?;
    call.list(Noun::User, true, |call| {
        let rows = call.state.users.table().iter_listed();
        let holding = rows.filter(|(_, user)| user.cost_center != 0 || !user.cost_centers.is_empty());
        Ok(Chosen::from(holding.map(|(id, _)| id).collect::<Vec<_>>()))
    })
}

pub(crate) fn item_rooms(call: &mut Call<'_>) -> Outcome {
    let id = call.existing(Noun::Item)?;
    call.list_docs(Noun::Room, true, |_, _, room| room.references("costCenters").any(|item| item == id))
}
