//! What the policy calls by a name that it has no longer in one site.

use lanyard_model::{
    fold,
    id::{CenterId, ItemId},
    place::ThingKind,
};

use super::Binder;

impl Binder<'_> {
    pub(super) fn note_named(&self, kind: ThingKind, id: i64) {
        self.named_too.borrow_mut().insert((kind, id));
    }

    /// Says of each missing name what was called so here, unless that is named by what it is called now.
    pub(super) fn note_renamed(&mut self) {
        let lacks = self.lacks.take();
        if self.catalogue.formerly.is_empty() || lacks.is_empty() {
            return;
        }
        let called_now = |message: &String| {
            let (kind, name) = lacks.get(message)?;
            self.formerly(*kind, name).find(|id| !self.is_named(*kind, *id)).and_then(|id| {
                let mut names = self.catalogue.names_of(*kind, id).into_iter();
                names.next()
            })
        };
        let renamed: Vec<_> = self.missing.iter().map(|missing| called_now(&missing.message)).collect();
        for (missing, renamed) in self.missing.iter_mut().zip(renamed) {
            missing.renamed = renamed;
        }
    }

    /// What was called so.
    pub(super) fn formerly(&self, kind: ThingKind, name: &str) -> impl Iterator<Item = i64> {
        let name = fold::text(name);
        let all = self.catalogue.formerly.iter().filter(move |one| one.kind == kind);
        all.filter(move |one| fold::text(&one.name) == name).map(|one| one.id)
    }

    /// Whether the policy names it by what it is called now.
    fn is_named(&self, kind: ThingKind, id: i64) -> bool {
        let (centers, items) = &*self.named.borrow();
        match kind {
            ThingKind::Center => centers.contains(&CenterId(id)),
            ThingKind::Item if items.contains(&ItemId(id)) => true,
            _ => self.named_too.borrow().contains(&(kind, id)),
        }
    }

    /// The message, with what is missing noted beside it.
    pub(super) fn lacking<'n>(
        &self,
        kind: ThingKind,
        message: String,
        name: &str,
        known: impl Iterator<Item = &'n str>,
    ) -> String {
        self.lacks.borrow_mut().entry(message.clone()).or_insert_with(|| (kind, name.to_owned()));
        self.unknown(message, name, known)
    }
}
