//! What iOffice holds, read by somebody who knows nothing of Lanyard.

use serde_json::Value;

/// The dump of one site.
pub struct Office(pub Value);

impl Office {
    fn list(&self, name: &str) -> &[Value] {
        self.0[name].as_array().map(Vec::as_slice).unwrap_or_default()
    }

    pub fn users(&self) -> &[Value] {
        self.list("users")
    }

    /// Accounts with this employee number, active or not.
    pub fn numbered(&self, number: &str) -> Vec<Account<'_>> {
        self.users().iter().filter(|user| user["employeeId"] == number).map(Account).collect()
    }

    /// The one active account with this employee number.
    pub fn account(&self, number: &str) -> Option<Account<'_>> {
        let mut live = self.numbered(number);
        live.retain(Account::is_active);
        assert!(live.len() < 2, "{number} has {} live accounts", live.len());
        live.pop()
    }

    /// Future bookings of an account that are not cancelled.
    pub fn bookings(&self, account: &Account<'_>, after_millis: i64) -> Vec<&Value> {
        let own = |row: &&Value| {
            row["user"]["id"] == account.0["id"]
                && row["cancelled"] == false
                && row["endDate"].as_i64().is_some_and(|end| end > after_millis)
        };
        self.list("reservations").iter().filter(own).collect()
    }
}

/// A user of iOffice.
#[derive(Debug, Clone, Copy)]
pub struct Account<'a>(pub &'a Value);

impl<'a> Account<'a> {
    pub fn is_active(&self) -> bool {
        self.0["active"] == true
    }

    pub fn text(&self, field: &str) -> &'a str {
        self.0[field].as_str().unwrap_or_default()
    }

    pub fn id(&self) -> i64 {
        self.0["id"].as_i64().expect("an id")
    }

    pub fn cost_center(&self) -> &'a str {
        self.0.pointer("/costCenter/name").and_then(Value::as_str).unwrap_or_default()
    }

    pub fn user_type(&self) -> &'a str {
        self.0.pointer("/userType/name").and_then(Value::as_str).unwrap_or_default()
    }

    /// Room or neighborhood section.
    pub fn has_seat(&self) -> bool {
        [&self.0["room"], &self.0["neighborhoodSection"]].iter().any(|seat| seat["id"].is_number())
    }

    /// `ROLE in center`.
    pub fn roles(&self) -> Vec<String> {
        let list = self.0["permissions"].as_array().map(Vec::as_slice).unwrap_or_default();
        let text = |entry: &Value| {
            let role = entry["role"].as_str().unwrap_or_default();
            format!("{role} in {}", entry["center"]["name"].as_str().unwrap_or_default())
        };
        list.iter().map(text).collect()
    }
}
