//! Forgetting a person: everything that names them, but not that something was done and proven.

use lanyard_engine::ports::{Document, LATE_ANSWERS, REVIEW_LINES, SHOWN_WHATIFS};
use lanyard_model::{id::IdentityId, plan::Plan};
use serde_json::Value;

use crate::{
    record,
    tables::{documents, journal},
    tx::{self, Answer, Tx, after_prefix, statements, with},
};

statements! {
    PLANS = "SELECT id, record FROM plans WHERE tenant = $1 AND user_id = $2 ORDER BY made_at, id";
    KEEP_PLAN = "UPDATE plans SET record = $1 WHERE id = $2";
    INTENTS = "DELETE FROM intents WHERE plan = $1";
    IDENTITY = "DELETE FROM identities WHERE tenant = $1 AND user_id = $2";
    KEYS_OF = "SELECT keys, words FROM identities WHERE tenant = $1 AND user_id = $2";
    KEY = "DELETE FROM identity_keys WHERE kind = $1 AND value = $2 AND tenant = $3 AND user_id = $4";
    WORD = "DELETE FROM identity_words WHERE word = $1 AND tenant = $2 AND user_id = $3";
    LINKS = "SELECT site, account_id FROM links WHERE tenant = $1 AND user_id = $2 ORDER BY site";
    APPLIED = "DELETE FROM applied WHERE tenant = $1 AND user_id = $2";
    PAST = "DELETE FROM past WHERE kind = 'identity' AND scope = $1 AND subject = $2";
    CLEARANCES = "DELETE FROM clearances WHERE tenant = $1 AND user_id = $2";
    VISITS = "DELETE FROM visits WHERE tenant = $1 AND user_id = $2";
    MEMBERSHIPS = "DELETE FROM membership_changes WHERE tenant = $1 AND user_id = $2";
    CHANGED_BY = "UPDATE membership_changes SET by_name = $1 WHERE tenant = $2 AND by_id = $3";
    FINDINGS = "DELETE FROM findings WHERE key >= $1 AND key < $2 AND over_at IS NOT NULL";
    MESSAGES = "DELETE FROM messages WHERE id >= $1 AND id < $2 AND sent_at IS NOT NULL";
    ACCOUNT = "UPDATE accounts SET record = $1 WHERE site = $2 AND account_id = $3";
    ACCOUNT_OF = "SELECT record FROM accounts WHERE site = $1 AND account_id = $2 AND gone_at IS NOT NULL";
}

/// What stands where a name stood.
const ERASED: &str = "erased";
/// Documents that are found by the person whom they are about.
const ABOUT_PEOPLE: [&str; 2] = [REVIEW_LINES, LATE_ANSWERS];

/// Answers how many journal lines had personal text.
pub(crate) fn person(tx: &dyn Tx, who: &IdentityId) -> Answer<u64> {
    let (tenant, user) = (who.tenant.as_str(), &*who.user);
    let lines = journal::erase_person(tx, who)?;
    let found = tx::first(tx, KEYS_OF, with![tenant, user], |row| {
        Ok((row.text(0)?.to_owned(), row.text(1)?.to_owned()))
    })?;
    if let Some((keys, words)) = found {
        let keys: Vec<(String, String)> = record::read_list("keys", &keys)?;
        for (kind, value) in &keys {
            tx.run(KEY, with![kind, value, tenant, user])?;
        }
        let words: Vec<String> = record::read_list("words", &words)?;
        for word in &words {
            tx.run(WORD, with![word, tenant, user])?;
        }
    }
    tx.run(IDENTITY, with![tenant, user])?;
    for (id, text) in
        tx::all(tx, PLANS, with![tenant, user], |row| Ok((row.text(0)?.to_owned(), row.text(1)?.to_owned())))?
    {
        let mut plan: Plan = record::read("plan", &text)?;
        scrub(&mut plan);
        tx.run(KEEP_PLAN, with![&record::write(&plan)?, &id])?;
        tx.run(INTENTS, with![&id])?;
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
    // What is over, and what was sent: their texts name the person.
    for kind in ["aside", "blocked", "dead", "disputed", "leaver-late", "todo", "not-found"] {
        let prefix = format!("{kind}:{who}");
        tx.run(FINDINGS, with![&prefix, &after_prefix(&prefix)])?;
    }
    let prefix = format!("{who}:");
    tx.run(MESSAGES, with![&prefix, &after_prefix(&prefix)])?;
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
