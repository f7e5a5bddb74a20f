//! Compares what a day expects with what the stand-in sites and the badge system hold. It shares nothing with any engine: it
//! reads their own state and nothing else.

use serde::Serialize;
use serde_json::Value;

use super::{Check, Day, Expectation};

/// An expectation that does not hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The step's sentence.
    pub step: String,
    /// Whom it is about.
    pub who: String,
    /// What should be.
    pub expected: String,
    /// What is.
    pub found: String,
}

impl Day {
    /// Every expectation that does not hold in `sites`: [`Inspect::State`](crate::face::Inspect::State) of each
    /// iOffice face, in order; `badge` is that of the badge system, where the day tells one ([`Day::doors`]). Deadlines are
    /// not judged here: they need the journals.
    pub fn verify(&self, sites: &[Value], badge: Option<&Value>) -> Vec<Finding> {
        let mut findings = Vec::new();
        for step in &self.steps {
            for expectation in &step.expect {
                let wrong = match sites.get(usize::from(expectation.who.site)) {
                    Some(site) => holds(expectation, &Site(site), badge).err(),
                    None => Some(format!("there is no state of site {}", expectation.who.site)),
                };
                findings.extend(wrong.map(|found| Finding {
                    step: step.words.clone(),
                    who: expectation.who.name.clone(),
                    expected: expectation.words.clone(),
                    found,
                }));
            }
        }
        findings
    }
}

struct Site<'a>(&'a Value);

impl<'a> Site<'a> {
    fn rows(&self, kind: &str) -> &'a [Value] {
        self.0[kind].as_array().map_or(&[], Vec::as_slice)
    }

    fn account(&self, id: u32) -> Option<&'a Value> {
        self.rows("users").iter().find(|user| user["id"] == id)
    }

    /// Active accounts with this e-mail, letter case and blanks aside.
    fn by_email(&self, email: &str) -> Vec<&'a Value> {
        let same = |text: &str| text.trim().eq_ignore_ascii_case(email);
        let users = self.rows("users").iter();
        users.filter(|user| is_active(user) && user["email"].as_str().is_some_and(same)).collect()
    }

    fn one(&self, email: &str) -> Result<&'a Value, String> {
        match self.by_email(email).as_slice() {
            [one] => Ok(one),
            others => Err(format!("{} active accounts with {email}", others.len())),
        }
    }
}

fn is_active(user: &Value) -> bool {
    user["active"] != false
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(rows) => rows.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        _ => false,
    }
}

fn holds(expectation: &Expectation, site: &Site<'_>, badge: Option<&Value>) -> Result<(), String> {
    match &expectation.check {
        Check::OneActiveAccount { email } => site.one(email).map(drop),
        Check::SameAccount { account } => match site.account(*account) {
            Some(user) if is_active(user) => Ok(()),
            Some(_) => Err(format!("account {account} is inactive")),
            None => Err(format!("account {account} is gone")),
        },
        Check::Field { email, field, value } => {
            let stored = &site.one(email)?[field.as_str()];
            let text = stored.as_str().or_else(|| stored["name"].as_str()).unwrap_or_default();
            (text == value).then_some(()).ok_or_else(|| format!("{field} is {text:?}"))
        }
        Check::Role { email, module, building, role } => {
            let user = site.one(email)?;
            let serves = |center: &&Value| {
                let buildings = center["buildings"].as_array().map_or(&[][..], Vec::as_slice);
                center["module"] == module.as_str()
                    && buildings.iter().any(|held| held["code"] == building.as_str())
            };
            let centers: Vec<&Value> =
                site.rows("centers").iter().filter(serves).map(|center| &center["id"]).collect();
            let held = user["permissions"].as_array().map_or(&[][..], Vec::as_slice);
            let fits =
                |entry: &Value| entry["role"] == role.as_str() && centers.contains(&&entry["center"]["id"]);
            held.iter()
                .any(fits)
                .then_some(())
                .ok_or_else(|| format!("permissions are {}", user["permissions"]))
        }
        Check::NoPermissions { account } => {
            let held = site.account(*account).map_or(&Value::Null, |user| &user["permissions"]);
            is_empty(held).then_some(()).ok_or_else(|| format!("permissions are {held}"))
        }
        Check::Seat { account, room } => {
            let held = site.account(*account).map_or(&Value::Null, |user| &user["room"]["id"]);
            (*held == *room).then_some(()).ok_or_else(|| format!("the room is {held}"))
        }
        Check::FullyRevoked { account, at } => revoked(site, *account, at.as_millisecond()),
        Check::Entry { holder, area, from } => {
            let theirs = areas(badge, holder)?;
            let told = theirs.iter().find(|right| right["area"] == area.as_str());
            let begins = |right: &&Value| {
                from.is_none_or(|from| right["from"].as_str().and_then(|at| at.parse().ok()) == Some(from))
            };
            match told {
                Some(right) if begins(right) => Ok(()),
                Some(right) => Err(format!("{area} opens from {}", right["from"])),
                None => Err(format!("{area} does not open to badge {holder}")),
            }
        }
        Check::NoEntry { holder, .. } => {
            let theirs = areas(badge, holder)?;
            let open: Vec<_> = theirs.iter().filter_map(|right| right["area"].as_str()).collect();
            let text = || format!("badge {holder} opens {}", open.join(", "));
            open.is_empty().then_some(()).ok_or_else(text)
        }
    }
}

/// The rights of one holder.
fn areas<'a>(badge: Option<&'a Value>, holder: &str) -> Result<Vec<&'a Value>, String> {
    let rights = badge.and_then(|state| state["rights"].as_array());
    let rights = rights.ok_or("there is no state of a badge system")?;
    Ok(rights.iter().filter(|right| right["holder"] == holder).collect())
}

fn revoked(site: &Site<'_>, account: u32, at_ms: i64) -> Result<(), String> {
    let mut left = Vec::new();
    if let Some(user) = site.account(account) {
        if is_active(user) {
            left.push("the account is active".to_owned());
        }
        for field in ["permissions", "room", "neighborhoodSection", "costCenters"] {
            if !is_empty(&user[field]) {
                left.push(format!("{field} is {}", user[field]));
            }
        }
    }
    let ahead = |booking: &&Value| {
        booking["user"]["id"] == account
            && booking["cancelled"] != true
            && booking["endDate"].as_i64().is_some_and(|end| end > at_ms)
    };
    let bookings = site.rows("reservations").iter().filter(ahead).count();
    if bookings > 0 {
        left.push(format!("{bookings} bookings ahead"));
    }
    if left.is_empty() { Ok(()) } else { Err(left.join(", ")) }
}
