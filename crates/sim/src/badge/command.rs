//! What somebody does at the badge system's own console, and at its doors.
//!
//! | `do` | further members | answer |
//! |---|---|---|
//! | `swipe` | `holder`, `area` | `{"opens"}`: whether the door opens now |
//! | `grant`, `revoke` | `holder`, `area`, for `grant` also `from`, `until` | `{"changed"}` |
//! | `change_secret` | `secret`: `whsec_…` | |

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    BadgeFace,
    rights::{Span, Way},
};

impl BadgeFace {
    pub(super) fn obey(&mut self, command: &Value, now: Timestamp) -> Result<Value, String> {
        let verb = command.get("do").and_then(Value::as_str).ok_or("a badge command needs `do`")?;
        let text = |name: &str| {
            let text = command.get(name).and_then(Value::as_str);
            text.ok_or_else(|| format!("badge command `{verb}`: `{name}` must be a text"))
        };
        let moment = |name: &str| match command.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => value
                .as_str()
                .and_then(|text| text.parse().ok())
                .map(Some)
                .ok_or_else(|| format!("badge command `{verb}`: `{name}` must be an instant")),
        };
        match verb {
            "swipe" => Ok(json!({ "opens": self.rights.opens(text("holder")?, text("area")?, now) })),
            "grant" | "revoke" => {
                let span = Span { from: moment("from")?, until: moment("until")? };
                let span = (verb == "grant").then_some(span);
                let (holder, area) = (text("holder")?, text("area")?);
                Ok(json!({ "changed": self.rights.set(Way::Hand, "console", holder, area, span, now) }))
            }
            "change_secret" => {
                text("secret")?.clone_into(&mut self.settings.webhook_secret);
                Ok(json!({}))
            }
            _ => Err(format!("badge command `{verb}`: there is no such command")),
        }
    }
}
