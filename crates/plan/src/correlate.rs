//! Whose account it is: by remembered link, else by keys in order, and never by guessing.

use lanyard_model::{
    account::{Account, AccountKind},
    id::{AccountKey, IdentityId},
    link::{How, Link, Situation},
};

/// A key of the identity, in order of precedence, with the accounts that have the same folded value.
#[derive(Debug, Clone)]
pub struct KeyMatch<'a> {
    /// In words (`employeeNumber = employeeId`).
    pub name: String,
    /// Live accounts whose folded value is equal.
    pub accounts: Vec<&'a Account>,
}

/// What correlation found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Correlated {
    pub situation: Situation,
    /// Set when the situation is a new link to remember.
    pub how: Option<How>,
}

/// Decides between the candidates. `holder` tells which identity an account is already linked to; an account of
/// another person of the same tenant is never taken, one of the same person in another tenant may be shared.
/// `contradiction` says whether a stronger key (before the given rank) speaks against the match: an e-mail address
/// changes hands, an employee number does not.
pub fn correlate(
    link: Option<&Link>,
    matches: &[KeyMatch<'_>],
    mut holder: impl FnMut(&AccountKey) -> Option<Holder>,
    contradiction: impl Fn(&Account, usize) -> Option<String>,
) -> Correlated {
    if let Some(link) = link {
        return Correlated { situation: Situation::Linked(link.account.clone()), how: None };
    }
    for (rank, key) in matches.iter().enumerate() {
        let people: Vec<_> = key.accounts.iter().filter(|a| a.kind == AccountKind::Person).collect();
        match people.as_slice() {
            [] => {}
            [one] => {
                if one.site_admin == Some(true) {
                    return disputed(
                        format!(
                            "the account with the same {} is a site administrator's, and those are never governed",
                            key.name
                        ),
                        vec![one.key.clone()],
                    );
                }
                if let Some(why) = contradiction(one, rank) {
                    return disputed(
                        format!("the account with the same {} is not plainly theirs: {why}", key.name),
                        vec![one.key.clone()],
                    );
                }
                return match holder(&one.key) {
                    Some(Holder::Other(identity)) => disputed(
                        format!("the account with the same {} already belongs to {identity}", key.name),
                        vec![one.key.clone()],
                    ),
                    Some(Holder::SamePerson(_)) | None => Correlated {
                        situation: Situation::Linked(one.key.clone()),
                        how: Some(How::Key(key.name.clone())),
                    },
                };
            }
            several => {
                return disputed(
                    format!("{} live accounts have the same {}", several.len(), key.name),
                    several.iter().map(|a| a.key.clone()).collect(),
                );
            }
        }
    }
    Correlated { situation: Situation::Unlinked, how: None }
}

/// Whom an account is linked to already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Holder {
    /// The same person, known under another identity (another tenant, or re-created).
    SamePerson(IdentityId),
    Other(IdentityId),
}

fn disputed(why: String, candidates: Vec<AccountKey>) -> Correlated {
    Correlated { situation: Situation::Disputed { why, candidates }, how: None }
}
