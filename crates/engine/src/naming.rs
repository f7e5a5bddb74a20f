//! Whom a text names: by display name, login or e-mail address, whichever way it is written; and whom it nearly names.

use lanyard_model::fold;
use lanyard_policy::problem::distance;

use crate::{
    Engine,
    ports::{Mirrored, Order, StoreFailure},
};

/// People who are looked at for one text.
const LOOKED_MAX: usize = 100;
/// Names that are offered.
const OFFERED_MAX: usize = 3;

/// Whom a text names.
#[derive(Debug, Clone)]
pub enum Named {
    One(Box<Mirrored>),
    /// Logins of all who are called so.
    Several(Vec<String>),
    /// Nobody; these are called nearly so.
    Nobody {
        nearest: Vec<String>,
    },
}

/// Everything somebody is called by: display name, login, address.
pub fn spellings(known: &Mirrored) -> Vec<String> {
    let profile = &known.identity.profile;
    let mut all = vec![known.identity.display_name()];
    all.extend(["login", "email"].iter().filter_map(|name| profile.text(name).map(str::to_owned)));
    all
}

/// The login, or else the address, or else the id: what tells two people of one name apart.
pub fn sole_name(known: &Mirrored) -> String {
    let profile = &known.identity.profile;
    let text = profile.text("login").or_else(|| profile.text("email"));
    text.map_or_else(|| known.identity.id.user.to_string(), str::to_owned)
}

impl Engine {
    /// Whom a text names among those who are mirrored and not gone.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn named(&self, text: &str) -> Result<Named, StoreFailure> {
        let wanted = fold::text(text);
        let found = self.people_like(text).await?;
        let mut named: Vec<Mirrored> = found
            .into_iter()
            .filter(|known| spellings(known).iter().any(|name| fold::text(name) == wanted))
            .collect();
        Ok(match named.len() {
            0 => Named::Nobody { nearest: self.nearest(&wanted).await? },
            1 => Named::One(Box::new(named.remove(0))),
            _ => Named::Several(named.iter().map(sole_name).collect()),
        })
    }

    /// The name under which somebody can be told from everybody else: what they are called, if nobody else is.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn name_apart(&self, known: &Mirrored) -> Result<String, StoreFailure> {
        let name = known.identity.display_name();
        Ok(match self.named(&name).await? {
            Named::One(one) if one.identity.id == known.identity.id => name,
            _ => sole_name(known),
        })
    }

    async fn people_like(&self, text: &str) -> Result<Vec<Mirrored>, StoreFailure> {
        let (mut people, ..) = self.store.search_people(None, text, Order::Rising, None, LOOKED_MAX).await?;
        people.retain(|known| known.gone_at.is_none());
        Ok(people)
    }

    async fn nearest(&self, wanted: &str) -> Result<Vec<String>, StoreFailure> {
        let mut near: Vec<(usize, String)> = Vec::new();
        // Whoever shares the beginning of a word: typing goes wrong later in it more often.
        let words = wanted.split(|c: char| !c.is_alphanumeric()).filter(|word| word.chars().count() > 1);
        for word in words.take(4) {
            let beginning: String = word.chars().take(3).collect();
            for known in self.people_like(&beginning).await? {
                let all = spellings(&known);
                let how =
                    all.iter().map(|name| distance(wanted, &fold::text(name))).min().unwrap_or(usize::MAX);
                let offered = format!("{} ({})", known.identity.display_name(), sole_name(&known));
                if how <= (wanted.chars().count() / 3).max(2) && near.iter().all(|(_, name)| *name != offered)
                {
                    near.push((how, offered));
                }
            }
        }
        near.sort();
        Ok(near.into_iter().take(OFFERED_MAX).map(|(_, name)| name).collect())
    }
}
