//! User types and field definitions (§3.3).

use crate::ioffice::{
    call::Call,
    noun::Noun,
    wire::{Answer, Outcome},
};

pub(crate) fn list(call: &mut Call<'_>) -> Outcome {
    call.check_parameters(&[])?;
    call.list_docs(Noun::UserType, false, |_, _, _| true)
}

pub(crate) fn get(call: &mut Call<'_>) -> Outcome {
    let id = call.existing(Noun::UserType)?;
    Answer::ok(call.shown(Noun::UserType, id)?)
}

pub(crate) fn create(call: &mut Call<'_>) -> Outcome {
    call.need_staff()?;
    let body = call.fields()?;
    let id = call.create_doc(Noun::UserType, &body)?;
    Answer::created(call.shown(Noun::UserType, id)?)
}

/// PUT with `active:false` is how a type is removed; there is no DELETE.
pub(crate) fn update(call: &mut Call<'_>) -> Outcome {
    let id = call.existing(Noun::UserType)?;
    call.need_staff()?;
    let body = call.fields_for(id)?;
    call.update_doc(Noun::UserType, id, &body)?;
    call.state.docs_mut(Noun::UserType).edit(id, |kind| kind.hidden = kind.flag("active") == Some(false));
    Answer::ok(call.shown(Noun::UserType, id)?)
}

pub(crate) fn fields(call: &mut Call<'_>) -> Outcome {
    call.check_parameters(&["mappingCode"])?;
    let code = call.query.text("mappingCode").map(str::to_owned);
    call.list_docs(Noun::FieldDef, code.is_some(), |_, _, field| {
        code.as_deref().is_none_or(|code| field.text("mappingCode") == code)
    })
}

/// Relabels a field.
pub(crate) fn rename_field(call: &mut Call<'_>) -> Outcome {
    call.need_staff()?;
    let body = call.fields()?;
    let id = crate::ioffice::doc::body_id(&body)?;
    call.update_doc(Noun::FieldDef, id, &body)?;
    Answer::ok(call.shown(Noun::FieldDef, id)?)
}
