//! Compares what a day expects with what the stand-in sites hold. It shares nothing with any engine: it reads the
//! sites' own state and nothing else.

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
    /// iOffice face, in order. Deadlines are not judged here: they need the journals.
    pub fn verify(&self, sites: &[Value]) -> Vec<Finding> {
        let mut findings = Vec::new();
        for step in &self.steps {
            for expectation in &step.expect {
                let wrong = match sites.get(usize::from(expectation.who.site)) {
                    Some(site) => holds(expectation, &Site(site)).err(),
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

fn holds(expectation: &Expectation, site: &Site<'_>) -> Result<(), String> {
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
    }
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
