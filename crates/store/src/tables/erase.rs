//! Forgetting a person: everything that names them, but not that something was done and proven.

use std::collections::BTreeSet;

use lanyard_engine::ports::{
    DELEGATIONS, Document, Finding, LATE_ANSWERS, Message, REVIEW_LINES, SHOWN_WHATIFS, UNDOS,
};
use lanyard_model::{account::Account, id::IdentityId, identity::Identity, plan::Plan};
use serde_json::Value;

use crate::{
    memory::OpenFindings,
    record,
    tables::{
        documents,
        found::{self, Runs},
        held, journal,
        notes::{self, CLOSED},
    },
    tx::{self, Answer, Tx, statements, with},
};

statements! {
    PLANS = "SELECT id, record FROM plans WHERE tenant = $1 AND user_id = $2 ORDER BY made_at, id";
    KEEP_PLAN = "UPDATE plans SET record = $1 WHERE id = $2";
    INTENTS = "DELETE FROM intents WHERE plan = $1";
    IDENTITY = "DELETE FROM identities WHERE tenant = $1 AND user_id = $2";
    KEYS_OF = "SELECT keys, words, name, number FROM identities WHERE tenant = $1 AND user_id = $2";
    LINKS = "SELECT site, account_id FROM links WHERE tenant = $1 AND user_id = $2 ORDER BY site";
    APPLIED = "DELETE FROM applied WHERE tenant = $1 AND user_id = $2";
    PAST = "DELETE FROM past WHERE kind = 'identity' AND scope = $1 AND subject = $2";
    CLEARANCES = "DELETE FROM clearances WHERE tenant = $1 AND user_id = $2";
    VISITS = "DELETE FROM visits WHERE tenant = $1 AND user_id = $2";
    NAME_NOW = "SELECT record FROM identities WHERE tenant = $1 AND user_id = $2";
    NAMES_BEFORE = "SELECT record FROM past WHERE kind = 'identity' AND scope = $1 AND subject = $2";
    NAMES_SAID = "SELECT person FROM journal_persons WHERE person IS NOT NULL
                  AND seq IN (SELECT seq FROM journal WHERE who_tenant = $1 AND who_user = $2)";
    ACCOUNT_KNOWN = "SELECT record FROM accounts WHERE site = $1 AND account_id = $2";
    SOMEBODY_ELSES = "SELECT COUNT(*) FROM held WHERE site = $1 AND account_id = $2 AND kind = 'person'
                      AND to_at = 9223372036854775807 AND key <> $3";
    FINDINGS = "SELECT key, record, over_at FROM findings";
    FINDINGS_PAST = "SELECT key, record, rowid FROM findings_past";
    FORGET_FINDING = "DELETE FROM findings WHERE key = $1";
    KEEP_FINDING = "UPDATE findings SET record = $1 WHERE key = $2";
    FORGET_PAST = "DELETE FROM findings_past WHERE rowid = $1";
    KEEP_PAST = "UPDATE findings_past SET record = $1 WHERE rowid = $2";
    MESSAGES = "SELECT id, record, route FROM messages";
    FORGET_MESSAGE = "DELETE FROM messages WHERE id = $1";
    KEEP_MESSAGE = "UPDATE messages SET record = $1 WHERE id = $2";
    MEMBERSHIPS = "DELETE FROM membership_changes WHERE tenant = $1 AND user_id = $2";
    CHANGED_BY = "UPDATE membership_changes SET by_name = $1 WHERE tenant = $2 AND by_id = $3";
    ACCOUNT = "UPDATE accounts SET record = $1 WHERE site = $2 AND account_id = $3";
    ACCOUNT_OF = "SELECT record FROM accounts WHERE site = $1 AND account_id = $2 AND gone_at IS NOT NULL";
}

/// What stands where a name stood.
const ERASED: &str = "erased";
/// Documents that are found by the person whom they are about.
const ABOUT_PEOPLE: [&str; 2] = [REVIEW_LINES, LATE_ANSWERS];

/// Answers how many journal lines had personal text.
pub(crate) fn person(tx: &dyn Tx, open: &mut OpenFindings, runs: &mut Runs, who: &IdentityId) -> Answer<u64> {
    let (tenant, user) = (who.tenant.as_str(), &*who.user);
    let mut wanted = Wanted::of(tx, who)?;
    let lines = journal::erase_person(tx, who)?;
    let found = tx::first(tx, KEYS_OF, with![tenant, user], |row| {
        Ok((row.text(0)?.to_owned(), row.text(1)?.to_owned(), row.text(2)?.to_owned(), row.int(3)?))
    })?;
    if let Some((keys, words, name, number)) = found {
        found::person_keys(tx, runs, number, (&keys, "[]"))?;
        found::words(tx, runs, number, (&words, "[]"))?;
        found::name(tx, runs, (tenant, number), Some(&name), None)?;
    }
    tx.run(IDENTITY, with![tenant, user])?;
    for (id, text) in
        tx::all(tx, PLANS, with![tenant, user], |row| Ok((row.text(0)?.to_owned(), row.text(1)?.to_owned())))?
    {
        let mut plan: Plan = record::read("plan", &text)?;
        scrub(&mut plan);
        tx.run(KEEP_PLAN, with![&record::write(&plan)?, &id])?;
        tx.run(INTENTS, with![&id])?;
        wanted.parts.insert(id);
    }
    tx.run(APPLIED, with![tenant, user])?;
    tx.run(VISITS, with![tenant, user])?;
    tx.run(PAST, with![tenant, user])?;
    tx.run(MEMBERSHIPS, with![tenant, user])?;
    tx.run(CHANGED_BY, with![ERASED, tenant, user])?;
    tx.run(CLEARANCES, with![tenant, user])?;
    for mut page in documents::by_key(tx, SHOWN_WHATIFS, "person", &who.to_string())? {
        scrub_shown(&mut page, who);
        documents::keep(tx, &page)?;
    }
    for collection in [DELEGATIONS, UNDOS] {
        for kept in documents::by_key(tx, collection, "person", &who.to_string())? {
            documents::forget(tx, collection, &kept.key, kept.version)?;
        }
    }
    wanted.findings(tx, open)?;
    wanted.messages(tx)?;
    for collection in ABOUT_PEOPLE {
        for mut document in documents::by_key(tx, collection, "person", &who.to_string())? {
            scrub_document(&mut document.body);
            documents::keep(tx, &document)?;
        }
    }
    for (site, account) in
        tx::all(tx, LINKS, with![tenant, user], |row| Ok((row.text(0)?.to_owned(), row.int(1)?)))?
    {
        // An account that still exists upstream would only be read again.
        let known = tx::first(tx, ACCOUNT_OF, with![&site, account], |row| {
            record::read::<lanyard_model::account::Account>("account", row.text(0)?)
        })?;
        if let Some(mut known) = known {
            known.fields.clear();
            tx.run(ACCOUNT, with![&record::write(&known)?, &site, account])?;
        }
    }
    Ok(lines)
}

/// How somebody is found in texts that are not filed under them.
struct Wanted {
    who: IdentityId,
    /// Names and mail addresses, of theirs and of their accounts, also earlier ones.
    names: BTreeSet<String>,
    /// What stands between the colons of a key that is about them: they themselves, their plans.
    parts: BTreeSet<String>,
    /// Keys of findings about accounts that were theirs.
    accounts: BTreeSet<String>,
}

impl Wanted {
    /// Asked before anything is forgotten.
    fn of(tx: &dyn Tx, who: &IdentityId) -> Answer<Self> {
        let (tenant, user) = (who.tenant.as_str(), &*who.user);
        let mut names = BTreeSet::new();
        let identity = |row: &dyn tx::Row| record::read::<Identity>("identity", row.text(0)?);
        let mut known = tx::all(tx, NAME_NOW, with![tenant, user], identity)?;
        known.extend(tx::all(tx, NAMES_BEFORE, with![tenant, user], identity)?);
        for known in known {
            names.insert(known.display_name());
            names.extend(
                ["email", "login"].iter().filter_map(|name| known.profile.text(name)).map(str::to_owned),
            );
        }
        // Lines about findings keep whole texts there, which end their first line.
        let said = tx::all(tx, NAMES_SAID, with![tenant, user], |row| Ok(row.text(0)?.to_owned()))?;
        names.extend(said.into_iter().filter(|text| !text.contains('\n')));
        let mut accounts = BTreeSet::new();
        let linked =
            tx::all(tx, LINKS, with![tenant, user], |row| Ok((row.text(0)?.to_owned(), row.int(1)?)))?;
        let held = held::accounts_of(tx, who)?.into_iter().map(|(key, ..)| (key.site.to_string(), key.id.0));
        for (site, account) in linked.into_iter().chain(held) {
            let kinds = ["orphan", "undead"].map(|kind| format!("{kind}:{site}:{account}"));
            accounts.extend(kinds.into_iter().chain([format!("site-admin:{site}/{account}")]));
            if tx::count(tx, SOMEBODY_ELSES, with![&site, account, &who.to_string()])? > 0 {
                // What it says by now is about whoever has it now.
                continue;
            }
            let known = tx::first(tx, ACCOUNT_KNOWN, with![&site, account], |row| {
                record::read::<Account>("account", row.text(0)?)
            })?;
            if let Some(known) = known {
                names.insert(known.display_name());
                names.extend(
                    ["email", "userName"].iter().filter_map(|name| known.field(name)).map(str::to_owned),
                );
            }
        }
        // Their id stays: it is what proofs are about.
        names.retain(|name| name.len() > 1 && **name != *user);
        Ok(Self { who: who.clone(), names, parts: [who.to_string()].into(), accounts })
    }

    fn is_about(&self, key: &str) -> bool {
        self.accounts.contains(key) || key.split(':').any(|part| self.parts.contains(part))
    }

    /// Whether a message goes to one of their addresses (`approval:ana@acme.example`), whichever way that is written.
    fn is_mailbox(&self, route: &str) -> bool {
        let address = route.split_once(':').map_or(route, |(_, address)| address);
        self.names.iter().any(|name| name.to_lowercase() == address.to_lowercase())
    }

    /// Whether a kept record may name them; told apart before it is read.
    fn may_name(&self, record: &str) -> bool {
        self.names.iter().any(|name| {
            let quoted = Value::from(name.as_str()).to_string();
            record.contains(&quoted[1..quoted.len() - 1])
        })
    }

    /// What told of them and is over goes; what is open, or tells of others too, loses their names.
    fn findings(&self, tx: &dyn Tx, open: &mut OpenFindings) -> Answer<()> {
        let theirs =
            |key: &str, finding: &Finding| self.is_about(key) || finding.identity.as_ref() == Some(&self.who);
        let id = record::list(&self.who)?;
        let mut found = Vec::new();
        tx.each(FINDINGS, &[], &mut |row| {
            let (key, kept) = (row.text(0)?, row.text(1)?);
            if self.is_about(key) || kept.contains(&id) || self.may_name(kept) {
                found.push((key.to_owned(), kept.to_owned(), row.int_or_null(2)?.is_some()));
            }
            Ok(())
        })?;
        for (key, kept, over) in found {
            let mut finding: Finding = record::read("finding", &kept)?;
            if over && theirs(&key, &finding) {
                tx.run(FORGET_FINDING, with![&key])?;
            } else {
                self.scrub_finding(&mut finding);
                tx.run(KEEP_FINDING, with![&record::write(&finding)?, &key])?;
            }
            // Its words may be there, or their hash.
            let note = format!("{CLOSED}{key}");
            if open.contains(tx, &note)? {
                notes::forget_closure(tx, open, &note)?;
            }
        }
        let mut past = Vec::new();
        tx.each(FINDINGS_PAST, &[], &mut |row| {
            let (key, kept) = (row.text(0)?, row.text(1)?);
            if self.is_about(key) || kept.contains(&id) || self.may_name(kept) {
                past.push((key.to_owned(), kept.to_owned(), row.int(2)?));
            }
            Ok(())
        })?;
        for (key, kept, row) in past {
            let mut finding: Finding = record::read("finding", &kept)?;
            if theirs(&key, &finding) {
                tx.run(FORGET_PAST, with![row])?;
            } else {
                self.scrub_finding(&mut finding);
                tx.run(KEEP_PAST, with![&record::write(&finding)?, row])?;
            }
        }
        // Closures whose finding was forgotten earlier, and counts of what was changed back.
        for note in open.beginning_with(tx, CLOSED)? {
            if self.is_about(&note[CLOSED.len()..]) {
                notes::forget_closure(tx, open, &note)?;
            }
        }
        for (key, _) in notes::metas(tx, &format!("fought:{}:", self.who), None, usize::MAX)? {
            notes::set_meta(tx, &key, "")?;
        }
        Ok(())
    }

    /// Messages about them and to their mailbox go, sent or not; those that name them among others lose the name.
    fn messages(&self, tx: &dyn Tx) -> Answer<()> {
        let mut found = Vec::new();
        tx.each(MESSAGES, &[], &mut |row| {
            let (id, kept) = (row.text(0)?, row.text(1)?);
            let goes = self.is_about(id) || self.is_mailbox(row.text(2)?);
            if goes || self.may_name(kept) {
                found.push((id.to_owned(), kept.to_owned(), goes));
            }
            Ok(())
        })?;
        for (id, kept, goes) in found {
            if goes {
                tx.run(FORGET_MESSAGE, with![&id])?;
                continue;
            }
            let mut message: Message = record::read("message", &kept)?;
            for text in [&mut message.subject, &mut message.text] {
                self.scrub_text(text);
            }
            if let Some(data) = &mut message.data {
                self.scrub_value(data);
            }
            tx.run(KEEP_MESSAGE, with![&record::write(&message)?, &id])?;
        }
        Ok(())
    }

    fn scrub_finding(&self, finding: &mut Finding) {
        let texts = [&mut finding.title, &mut finding.detail].into_iter().chain(finding.fix.as_mut());
        texts.for_each(|text| self.scrub_text(text));
    }

    fn scrub_value(&self, value: &mut Value) {
        match value {
            Value::String(text) => self.scrub_text(text),
            Value::Array(list) => list.iter_mut().for_each(|value| self.scrub_value(value)),
            Value::Object(map) => map.values_mut().for_each(|value| self.scrub_value(value)),
            _ => {}
        }
    }

    /// Longer names first: one may be part of another.
    fn scrub_text(&self, text: &mut String) {
        let mut names: Vec<&String> = self.names.iter().collect();
        names.sort_by_key(|name| std::cmp::Reverse(name.len()));
        for name in names {
            if text.contains(name.as_str()) {
                *text = without(text, name);
            }
        }
    }
}

/// A text without a name; as a part of a longer word it is not that name.
fn without(text: &str, name: &str) -> String {
    let apart = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
    let (mut out, mut rest) = (String::new(), text);
    while let Some((before, after)) = rest.split_once(name) {
        out.push_str(before);
        let alone = apart(out.chars().next_back()) && apart(after.chars().next());
        out.push_str(if alone { ERASED } else { name });
        rest = after;
    }
    out + rest
}

/// Names go; what was decided, by whom and why stays.
fn scrub_document(body: &mut serde_json::Value) {
    for (field, erased) in
        [("name", "".into()), ("own_names", serde_json::json!([])), ("compensation", ERASED.into())]
    {
        if let Some(value) = body.get_mut(field) {
            *value = erased;
        }
    }
}

/// Names and values go; which kind of thing changed, why and when stays.
fn scrub(plan: &mut Plan) {
    plan.person = ERASED.into();
    plan.steps.clear();
    plan.notices.clear();
    plan.todos.clear();
    plan.notes.clear();
}

/// Their place in the list stays, so that pages keep their size.
fn scrub_shown(page: &mut Document, who: &IdentityId) {
    let named = serde_json::json!(who);
    for one in page.body.as_array_mut().into_iter().flatten().filter(|one| one["identity"] == named) {
        for (name, value) in one.as_object_mut().into_iter().flatten() {
            match value {
                _ if name == "person" => *value = ERASED.into(),
                Value::Array(list) => list.clear(),
                Value::Object(map) if name != "identity" => map.clear(),
                _ => {}
            }
        }
    }
    page.keys.retain(|key| key.value != who.to_string());
}

#[cfg(test)]
mod tests {
    use super::without;

    #[test]
    fn a_name_goes_where_it_stands_alone() {
        assert_eq!(without("Ana left; Ana's desk", "Ana"), "erased left; erased's desk");
        assert_eq!(without("Anatol and Diana stay", "Ana"), "Anatol and Diana stay");
        assert_eq!(without("(ana@hl.example)", "ana@hl.example"), "(erased)");
    }
}
