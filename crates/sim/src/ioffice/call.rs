//! One authenticated request while it is being answered: what handlers need, and nothing about transport.

use serde_json::Value;

use super::{
    doc::{self, Doc},
    journal::Origin,
    list::ListCache,
    noun::{Kind, Noun},
    selector::{Selector, Want},
    settings::{IofficeSettings, Unknown},
    state::State,
    table::Id,
    view::View,
    wire::{Answer, Fields, Outcome, Query, Refusal},
};
use crate::journal::Journal;

pub(crate) struct Call<'a> {
    pub(crate) state: &'a mut State,
    pub(crate) settings: &'a IofficeSettings,
    pub(crate) journal: &'a mut Journal,
    pub(crate) cache: &'a mut ListCache,
    pub(crate) origin: Origin,
    pub(crate) query: Query,
    /// The path segments that filled the pattern's holes.
    pub(crate) args: Vec<String>,
    pub(crate) body: Option<Value>,
    /// A `/count` request.
    pub(crate) count_only: bool,
}

impl Call<'_> {
    pub(crate) fn now(&self) -> i64 {
        self.origin.at
    }
    pub(crate) fn caller(&self) -> Id {
        self.origin.caller
    }

    pub(crate) fn view(&self) -> View<'_> {
        View {
            state: self.state,
            settings: self.settings,
            caller: self.caller(),
            now: self.now(),
            internal: false,
            decorated: self.query.text("selector").is_none(),
        }
    }

    /// The id in the path, of a record that need not exist.
    pub(crate) fn path_id(&self, noun: Noun) -> Result<Id, Refusal> {
        self.path_number(noun.word())
    }

    /// The id in the path of something that `what` names: digits, and nothing else.
    pub(crate) fn path_number(&self, what: &str) -> Result<Id, Refusal> {
        let digits = |text: &&String| text.bytes().all(|byte| byte.is_ascii_digit());
        let id = self.args.first().filter(digits).and_then(|text| text.parse().ok());
        id.ok_or_else(|| Refusal::not_found(what))
    }

    /// The id in the path, of a record that exists.
    pub(crate) fn existing(&self, noun: Noun) -> Result<Id, Refusal> {
        let id = self.path_id(noun)?;
        if self.state.exists(noun, id) { Ok(id) } else { Err(Refusal::not_found(noun.word())) }
    }

    /// The body as an object. A missing body is an empty object: actions take none.
    pub(crate) fn fields(&self) -> Result<Fields, Refusal> {
        match &self.body {
            None => Ok(Fields::new()),
            Some(Value::Object(fields)) => Ok(fields.clone()),
            Some(_) => Err(Refusal::invalid("the body must be an object")),
        }
    }

    /// The body of a PUT to `/{id}`: a body id that differs from the path is refused.
    pub(crate) fn fields_for(&self, id: Id) -> Result<Fields, Refusal> {
        let fields = self.fields()?;
        match fields.get("id") {
            Some(sent) if sent.as_u64() != Some(u64::from(id)) => {
                Err(Refusal::invalid("body id and path id differ"))
            }
            _ => Ok(fields),
        }
    }

    /// The requested selector, checked against what `noun` knows, or the default one.
    pub(crate) fn selector(&self, noun: Noun) -> Result<Selector, Refusal> {
        let Some(text) = self.query.text("selector") else {
            return Ok(noun.shown().clone());
        };
        let selector = Selector::parse(text)?;
        if self.settings.unknown_selector == Unknown::Reject400 {
            check_selector(noun, &selector)?;
        }
        Ok(selector)
    }

    /// A record as the query's selector wants it.
    pub(crate) fn shown(&self, noun: Noun, id: Id) -> Result<Value, Refusal> {
        let selector = self.selector(noun)?;
        Ok(self.view().show(noun, id, Want::Pick(&selector)))
    }

    pub(crate) fn is_site_admin(&self) -> bool {
        self.caller() == 0
            || !self.settings.rights_checked
            || self.state.users.get(self.caller()).is_some_and(|user| user.site_admin)
    }

    /// Site administrators may write anything; who administers some center may write what is not about rights.
    pub(crate) fn need_staff(&self) -> Result<(), Refusal> {
        let staff = self.is_site_admin()
            || self.state.users.get(self.caller()).is_some_and(super::users::User::administers_something);
        if staff { Ok(()) } else { Err(Refusal::denied("the caller may not change this")) }
    }

    /// Runs a change of one record and journals it: the record before, the record after.
    pub(crate) fn change<R>(
        &mut self,
        noun: Noun,
        id: Id,
        change: impl FnOnce(&mut Self) -> Result<R, Refusal>,
    ) -> Result<R, Refusal> {
        let before = self.view().whole(noun, id);
        let result = change(self)?;
        let after = self.view().whole(noun, id);
        self.record(noun.word(), id.into(), &before, &after);
        Ok(result)
    }

    pub(crate) fn record(&mut self, kind: &'static str, id: Value, before: &Value, after: &Value) {
        self.state.generation += 1;
        let origin = &self.origin;
        self.journal.record_text(self.settings.journal_max, |seq| origin.row(kind, &id, before, after, seq));
    }

    fn merge_rules(&self, creating: bool) -> doc::Rules {
        doc::Rules {
            creating,
            null_clears: self.settings.null_clears,
            published_only: self.settings.published_only,
        }
    }

    /// Merges a body into a copy of a record and checks its references.
    pub(crate) fn merged(&self, noun: Noun, old: Option<&Doc>, body: &Fields) -> Result<Doc, Refusal> {
        let mut doc = old.cloned().unwrap_or_else(|| Doc::new(self.now()));
        for (target, id, name) in doc::merge(noun, &mut doc, body, self.merge_rules(old.is_none()))? {
            if !self.state.exists(target, id) {
                return Err(Refusal::invalid(format!("{name}: there is no {} {id}", target.word())));
            }
        }
        if old.is_some() {
            doc.updated = self.now();
        }
        doc.updated_by = self.caller();
        Ok(doc)
    }

    /// Creates a simple record from the body.
    pub(crate) fn create_doc(&mut self, noun: Noun, body: &Fields) -> Result<Id, Refusal> {
        let doc = self.merged(noun, None, body)?;
        self.insert(noun, doc)
    }

    pub(crate) fn insert(&mut self, noun: Noun, doc: Doc) -> Result<Id, Refusal> {
        let id = self.state.docs(noun).next_id();
        self.change(noun, id, |call| {
            call.state.insert_doc(noun, id, doc);
            Ok(id)
        })
    }

    /// Merges the body into a simple record.
    pub(crate) fn update_doc(&mut self, noun: Noun, id: Id, body: &Fields) -> Result<(), Refusal> {
        let old = self.state.doc(noun, id).ok_or_else(|| Refusal::not_found(noun.word()))?;
        let doc = self.merged(noun, Some(old), body)?;
        self.replace(noun, id, doc)
    }

    pub(crate) fn replace(&mut self, noun: Noun, id: Id, doc: Doc) -> Result<(), Refusal> {
        self.change(noun, id, |call| {
            call.state.replace_doc(noun, id, doc);
            Ok(())
        })
    }

    pub(crate) fn remove_doc(&mut self, noun: Noun, id: Id) -> Outcome {
        self.change(noun, id, |call| {
            call.state.remove_doc(noun, id);
            Ok(())
        })?;
        Answer::removed()
    }
}

fn check_selector(noun: Noun, selector: &Selector) -> Result<(), Refusal> {
    for pick in &selector.0 {
        if !noun.knows(&pick.name) {
            return Err(Refusal::invalid(format!("selector: a {} has no {}", noun.word(), pick.name)));
        }
        let opaque = noun.schema().field(&pick.name).is_some_and(|field| field.kind == Kind::Any);
        if let (Some(target), Some(inner), false) = (noun.target(&pick.name), &pick.inner, opaque) {
            check_selector(target, inner)?;
        }
    }
    Ok(())
}
