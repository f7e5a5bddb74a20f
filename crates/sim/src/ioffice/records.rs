//! The small resources (§12): contacts, agreements, saved searches, SFTP invitations, assets.

use serde_json::{Value, json};

use super::{
    call::Call,
    doc::Doc,
    noun::{Noun, USER_TEXTS},
    wire::{Answer, Fields, Outcome, Refusal},
};

fn list_all(call: &mut Call<'_>, noun: Noun) -> Outcome {
    call.check_parameters(&[])?;
    call.list_docs(noun, false, |_, _, _| true)
}

fn get_one(call: &mut Call<'_>, noun: Noun) -> Outcome {
    let id = call.existing(noun)?;
    Answer::ok(call.shown(noun, id)?)
}

fn create_one(call: &mut Call<'_>, noun: Noun) -> Outcome {
    call.need_staff()?;
    let body = call.fields()?;
    let id = call.create_doc(noun, &body)?;
    Answer::created(call.shown(noun, id)?)
}

fn update_one(call: &mut Call<'_>, noun: Noun) -> Outcome {
    let id = call.existing(noun)?;
    call.need_staff()?;
    let body = call.fields_for(id)?;
    call.update_doc(noun, id, &body)?;
    Answer::ok(call.shown(noun, id)?)
}

fn remove_one(call: &mut Call<'_>, noun: Noun) -> Outcome {
    let id = call.existing(noun)?;
    call.need_staff()?;
    call.remove_doc(noun, id)
}

macro_rules! crud {
    ($noun:ident, $list:ident, $get:ident, $create:ident, $update:ident, $remove:ident) => {
        pub(crate) fn $list(call: &mut Call<'_>) -> Outcome {
            list_all(call, Noun::$noun)
        }
        pub(crate) fn $get(call: &mut Call<'_>) -> Outcome {
            get_one(call, Noun::$noun)
        }
        pub(crate) fn $create(call: &mut Call<'_>) -> Outcome {
            create_one(call, Noun::$noun)
        }
        pub(crate) fn $update(call: &mut Call<'_>) -> Outcome {
            update_one(call, Noun::$noun)
        }
        pub(crate) fn $remove(call: &mut Call<'_>) -> Outcome {
            remove_one(call, Noun::$noun)
        }
    };
}

crud!(Contact, contacts, contact, create_contact, update_contact, remove_contact);
crud!(Agreement, agreements, agreement, create_agreement, update_agreement, remove_agreement);

/// Class names of searchable things, by `searchType`.
const CLASSES: &[(&str, &str)] = &[
    ("user", "com.iofficeconnect.user.User"),
    ("asset", "com.iofficeconnect.asset.AssetType"),
    ("move", "com.iofficeconnect.move.Request"),
];

fn search_type(call: &Call<'_>) -> Result<&'static str, Refusal> {
    let sent = call.query.text("searchType").unwrap_or("asset");
    let known = CLASSES.iter().find(|(kind, _)| *kind == sent);
    known.map(|(kind, _)| *kind).ok_or_else(|| Refusal::invalid("searchType must be user, asset or move"))
}

pub(crate) fn saved_searches(call: &mut Call<'_>) -> Outcome {
    call.check_parameters(&["searchType"])?;
    let kind = search_type(call)?;
    call.list_docs(Noun::SavedSearch, true, |_, _, search| search.text("searchType") == kind)
}

pub(crate) fn saved_search(call: &mut Call<'_>) -> Outcome {
    get_one(call, Noun::SavedSearch)
}

/// The request's `matchingType` is boolean, the reply's is `"ANY"` or `"ALL"`.
fn draft_search(call: &Call<'_>, body: &Fields, old: Option<&Doc>) -> Result<Doc, Refusal> {
    let mut doc = call.merged(Noun::SavedSearch, old, body)?;
    match (body.get("matchingType"), old) {
        (Some(Value::Bool(all)), _) => doc.set("matchingType", if *all { "ALL" } else { "ANY" }.into()),
        (None, Some(_)) => {}
        _ => return Err(Refusal::invalid("matchingType must be true or false")),
    }
    match (body.get("itemClassName").and_then(Value::as_str), old) {
        (Some(class), _) => {
            let known = CLASSES.iter().find(|(_, name)| *name == class);
            let (kind, name) = known.ok_or_else(|| Refusal::invalid("unknown itemClassName"))?;
            doc.set("searchType", (*kind).into());
            doc.set("itemClass", json!({ "name": name }));
        }
        (None, Some(_)) => {}
        (None, None) => return Err(Refusal::invalid("itemClassName is required")),
    }
    if let Some(filters) = doc.get("filters").and_then(Value::as_array) {
        let numbered = filters.iter().zip(1..).map(|(filter, n)| {
            let mut filter = filter.as_object().cloned().unwrap_or_default();
            filter.insert("id".into(), json!(n));
            Value::Object(filter)
        });
        let numbered: Value = numbered.collect();
        doc.set("filters", numbered);
    }
    Ok(doc)
}

pub(crate) fn create_saved_search(call: &mut Call<'_>) -> Outcome {
    let body = call.fields()?;
    let doc = draft_search(call, &body, None)?;
    let id = call.insert(Noun::SavedSearch, doc)?;
    Answer::created(call.shown(Noun::SavedSearch, id)?)
}

pub(crate) fn update_saved_search(call: &mut Call<'_>) -> Outcome {
    let id = call.existing(Noun::SavedSearch)?;
    let body = call.fields_for(id)?;
    let doc = draft_search(call, &body, call.state.doc(Noun::SavedSearch, id))?;
    call.replace(Noun::SavedSearch, id, doc)?;
    Answer::ok(call.shown(Noun::SavedSearch, id)?)
}

pub(crate) fn remove_saved_search(call: &mut Call<'_>) -> Outcome {
    remove_one(call, Noun::SavedSearch)
}

/// Properties that a filter may name.
pub(crate) fn search_properties(call: &mut Call<'_>) -> Outcome {
    call.check_parameters(&["searchType"])?;
    let paths: &[&str] = match search_type(call)? {
        "user" => USER_TEXTS,
        "move" => &["description", "date"],
        _ => &["name"],
    };
    let shown = paths.iter().zip(1..).map(|(path, id)| json!({"id": id, "name": path, "pathString": path}));
    Answer::ok(shown.collect())
}

pub(crate) fn sftp_list(call: &mut Call<'_>) -> Outcome {
    list_all(call, Noun::Sftp)
}

/// Answers 200, not 201.
pub(crate) fn sftp_create(call: &mut Call<'_>) -> Outcome {
    call.need_staff()?;
    let body = call.fields()?;
    let mut doc = call.merged(Noun::Sftp, None, &body)?;
    doc.set("expired", false.into());
    doc.set("cancelled", false.into());
    doc.set("enteredBy", call.caller().into());
    let id = call.insert(Noun::Sftp, doc)?;
    Answer::ok(call.shown(Noun::Sftp, id)?)
}

pub(crate) fn sftp_cancel(call: &mut Call<'_>) -> Outcome {
    let id = call.existing(Noun::Sftp)?;
    call.need_staff()?;
    if let Some(mut doc) = call.state.doc(Noun::Sftp, id).cloned() {
        doc.set("cancelled", true.into());
        doc.updated = call.now();
        call.replace(Noun::Sftp, id, doc)?;
    }
    Answer::ok(call.shown(Noun::Sftp, id)?)
}

pub(crate) fn sftp_enabled(call: &mut Call<'_>) -> Outcome {
    call.check_parameters(&[])?;
    Answer::ok(json!({ "response": call.state.org_name }))
}

pub(crate) fn assets(call: &mut Call<'_>) -> Outcome {
    call.check_parameters(&["owner"])?;
    let owner = call.query.id("owner")?;
    call.list_docs(Noun::Asset, owner.is_some(), |_, _, asset| {
        owner.is_none_or(|owner| asset.reference("owner") == owner)
    })
}

pub(crate) fn asset(call: &mut Call<'_>) -> Outcome {
    get_one(call, Noun::Asset)
}

/// The one call that answers 204 (§1.5). What it notes is nowhere readable.
pub(crate) fn verify_asset(call: &mut Call<'_>) -> Outcome {
    call.existing(Noun::Asset)?;
    call.need_staff()?;
    Ok(Answer::Empty(204))
}
