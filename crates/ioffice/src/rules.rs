//! Reservation rules of a center: a whole list, replaced at once (§8.2). What we do not understand is kept verbatim.

use lanyard_model::{id::CenterId, signal::Lane};
use serde_json::{Value, json};

use crate::{
    client::IofficeClient,
    fields::Fields,
    outcome::{ReadError, WriteOutcome},
    session::Call,
    settings::Flag,
};

/// Rules whose JSON is unpublished.
const UNPUBLISHED: &[&str] = &["IncludeUsers", "ExcludeUsers", "IncludeCategories", "ExcludeCategories"];

/// The rules of one center, each as iOffice writes it (`$type$`, `value`, scope).
#[derive(Debug, Clone, PartialEq)]
pub struct RuleSet {
    pub center: CenterId,
    pub rules: Vec<Value>,
}

/// Reads `rules`: JSON inside a string, or plain JSON.
fn read_rules(center: CenterId, answer: &Value) -> Result<RuleSet, ReadError> {
    let malformed =
        || ReadError::Malformed { reason: format!("the rules of center {center} cannot be read") };
    let inner = match Fields::of(answer).get("rules") {
        None => return Ok(RuleSet { center, rules: Vec::new() }),
        Some(Value::String(text)) => serde_json::from_str(text).map_err(|_| malformed())?,
        Some(other) => other.clone(),
    };
    let rules = Fields::of(&inner).list("ruleList").map(<[Value]>::to_vec).ok_or_else(malformed)?;
    Ok(RuleSet { center, rules })
}

fn kind(rule: &Value) -> String {
    Fields::of(rule).text("$type$").unwrap_or_default()
}

impl IofficeClient {
    /// The rules of a reservation center.
    ///
    /// # Errors
    /// Any read error; unreadable rules are an error, never an empty list.
    pub async fn reservation_rules(&self, center: CenterId, lane: Lane) -> Result<RuleSet, ReadError> {
        let call =
            Call::get("GET /centers/{id}", &["centers", &center.to_string()], lane).with("selector", "rules");
        read_rules(center, &self.session().read(&call).await?)
    }

    /// Reads the rules afresh, lets `edit` change them, and writes the whole list if it changed. One at a time.
    pub async fn change_rules(
        &self,
        center: CenterId,
        lane: Lane,
        edit: impl FnOnce(&mut Vec<Value>) + Send,
    ) -> WriteOutcome<RuleSet> {
        let _turn = self.shared.rules_turn.lock().await;
        let before = match self.reservation_rules(center, lane).await {
            Ok(rules) => rules,
            Err(e) => return e.into(),
        };
        let mut after = before.clone();
        edit(&mut after.rules);
        if after == before {
            return WriteOutcome::Already;
        }
        let unpublished =
            after.rules.iter().find(|r| UNPUBLISHED.contains(&kind(r).as_str()) && !before.rules.contains(r));
        if let Some(rule) = unpublished
            && self.session().settings.capabilities.rule_users_json != Flag::Yes
        {
            return WriteOutcome::impossible(
                "rule_users_json",
                format!("In iOffice, add the rule {} to center {center} by hand, once.", kind(rule)),
            );
        }
        let body = json!({"centerId": center.0, "ruleList": after.rules});
        let call =
            Call::put("PUT /centers/reservations/rules", &["centers", "reservations", "rules"], body, lane)
                .with("selector", "rules");
        self.session().write(&call).await.map(|_| after)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_arrive_as_json_in_a_string() {
        let answer = json!({"id": 61, "rules": "{\"centerId\":61,\"ruleList\":[{\"$type$\":\"MaxDuration\",\"value\":\"480m\"}]}"});
        let rules = read_rules(CenterId(61), &answer).unwrap();
        assert_eq!(rules.rules, [json!({"$type$": "MaxDuration", "value": "480m"})]);
        assert_eq!(read_rules(CenterId(61), &json!({"id": 61})).unwrap().rules, Vec::<Value>::new());
        assert!(read_rules(CenterId(61), &json!({"rules": "oops"})).is_err());
    }
}
