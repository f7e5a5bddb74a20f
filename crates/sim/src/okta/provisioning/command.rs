//! What an administrator does about provisioning at the console.

use serde_json::{Value, json};

use super::{Style, Target};
use crate::okta::state::Org;

impl Org {
    /// # Errors
    /// A sentence about what is wrong with the command.
    pub fn provisioning_command(&mut self, verb: &str, app: usize, command: &Value) -> Result<Value, String> {
        let text = |name: &str| command.get(name).and_then(Value::as_str);
        let flag = |name: &str| command.get(name).and_then(Value::as_bool).unwrap_or(false);
        if verb == "connect_scim" {
            let url = text("url").ok_or("`url` must be a text")?;
            let parsed = url::Url::parse(url).map_err(|error| format!("`url`: {error}"))?;
            if !matches!(parsed.scheme(), "http" | "https") || parsed.query().is_some() {
                return Err("`url` must be http or https, without a query".to_owned());
            }
            let style = match text("style") {
                None | Some("oin") => Style::Oin,
                Some("aiw") => Style::Aiw,
                Some(_) => return Err("`style` must be oin or aiw".to_owned()),
            };
            let authorization = text("authorization").map(str::to_owned);
            if authorization.as_ref().is_some_and(|text| http::HeaderValue::try_from(text.as_str()).is_err())
            {
                return Err("`authorization` is no header".to_owned());
            }
            let target = Target {
                authorization,
                enterprise: flag("enterprise"),
                passwords: flag("passwords"),
                patch_paths: flag("patch_paths"),
                ..Target::new(url, style)
            };
            self.connect_target(app, target);
            return Ok(json!({}));
        }
        if !self.has_target(app) {
            return Err("this app has no SCIM server; use `connect_scim` first".to_owned());
        }
        match verb {
            "provision_everybody" => Ok(json!({ "people": self.provision_everybody(app) })),
            "retry_provisioning" => Ok(json!({ "tasks": self.retry_tasks(app) })),
            "import_from_scim" => {
                self.provision_import(app);
                Ok(json!({}))
            }
            "push_now" => {
                let key = self.named_group(command)?;
                let group = self.group_at(key).map(|group| group.head.id).ok_or("there is no such group")?;
                if self.push_now(app, group) {
                    Ok(json!({}))
                } else {
                    Err("the group is not pushed".to_owned())
                }
            }
            _ => {
                let user = self.named_user(command)?;
                self.provision_deletion(app, user)?;
                Ok(json!({}))
            }
        }
    }
}
