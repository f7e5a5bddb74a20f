//! Alert rules of the settings as the engine takes them, and their templates.

use std::{path::Path, sync::Arc, time::Duration};

use lanyard_engine::{
    alerts::{AlertRule, AlertSettings, CheckpointRoutes, Digest, Render},
    asking::Asking,
    ports::{Route, Severity},
};
use lanyard_model::id::{SiteId, TenantId};
use serde_json::Value;

use crate::{
    links::Links,
    settings::{AlertEntry, Least, Recipients, Settings},
};

/// A text with places for what the message is about.
#[derive(Debug)]
pub struct Template {
    environment: minijinja::Environment<'static>,
    text: String,
}

/// The one template of its environment.
const NAME: &str = "alert";

impl Template {
    /// Reads and compiles a file.
    ///
    /// # Errors
    /// What is wrong with it, with the line.
    pub fn read(file: &Path) -> Result<Self, String> {
        let text = std::fs::read_to_string(file)
            .map_err(|error| format!("cannot read {}: {error}", file.display()))?;
        Self::compile(text)
    }

    /// Compiles a text.
    ///
    /// # Errors
    /// As [`Template::read`].
    pub fn compile(text: String) -> Result<Self, String> {
        let mut environment = minijinja::Environment::new();
        environment.set_undefined_behavior(minijinja::UndefinedBehavior::Strict);
        environment.set_fuel(Some(1_000_000));
        environment
            .add_template_owned(NAME, text.clone())
            .map_err(|error| format!("the template is wrong: {error}"))?;
        Ok(Self { environment, text })
    }
}

impl Render for Template {
    fn render(&self, about: &Value) -> Result<String, String> {
        let template = self.environment.get_template(NAME).map_err(|error| error.to_string())?;
        let about = minijinja::Value::from(minijinja::value::Serde(about));
        template.render(about).map_err(|error| error.to_string())
    }

    fn text(&self) -> &str {
        &self.text
    }
}

/// What the engine is told. The settings were checked before.
///
/// # Errors
/// A template that cannot be read any more.
pub fn alert_settings(dir: &Path, settings: &Settings) -> anyhow::Result<AlertSettings> {
    let rules = settings.alerts.iter().map(|entry| rule(dir, entry)).collect::<anyhow::Result<_>>()?;
    let digest = match &settings.digest {
        None => None,
        Some(entry) => Some(Digest {
            at: entry.at.parse()?,
            zone: jiff::tz::TimeZone::get(&entry.zone)?,
            to: routes(&entry.to),
        }),
    };
    let checkpoints = match &settings.checkpoints {
        None => CheckpointRoutes::default(),
        Some(entry) => CheckpointRoutes {
            each: entry.bucket.iter().map(|_| Route::Bucket).collect(),
            seldom: if entry.email.is_empty() { Vec::new() } else { vec![Route::Email(entry.email.clone())] },
        },
    };
    let asking = Asking {
        links: match &settings.public_url {
            Some(url) => Some(Arc::new(Links::open(dir, url)?)),
            None => None,
        },
        channels: settings.approvals.as_ref().map(routes).unwrap_or_default(),
    };
    Ok(AlertSettings { rules, digest, checkpoints, asking })
}

fn rule(dir: &Path, entry: &AlertEntry) -> anyhow::Result<AlertRule> {
    let template = match &entry.template {
        None => None,
        Some(file) => {
            let template = Template::read(&dir.join(file)).map_err(|why| anyhow::anyhow!(why))?;
            Some(Arc::new(template) as Arc<dyn Render>)
        }
    };
    Ok(AlertRule {
        id: entry.id.clone(),
        kinds: entry.kinds.iter().cloned().collect(),
        sites: entry.sites.iter().map(|id| SiteId::new(id.as_str())).collect(),
        tenants: entry.tenants.iter().map(|id| TenantId::new(id.as_str())).collect(),
        at_least: match entry.at_least {
            Least::Info => Severity::Info,
            Least::Warning => Severity::Warning,
            Least::Error => Severity::Error,
        },
        to: routes(&entry.to),
        gather: Duration::from_secs(u64::from(entry.gather_seconds)),
        every: Duration::from_secs(u64::from(entry.every_minutes) * 60),
        template,
    })
}

fn routes(to: &Recipients) -> Vec<Route> {
    let mut routes = Vec::new();
    if !to.email.is_empty() {
        routes.push(Route::Email(to.email.clone()));
    }
    routes.extend(to.slack.clone().map(Route::Slack));
    routes.extend(to.webhook.clone().map(|url| Route::Webhook { url, key: to.webhook_key.clone() }));
    routes.extend(to.pager.clone().map(|key| Route::Pager { key, url: to.pager_url.clone() }));
    routes
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_template_says_what_the_message_is_about_and_a_wrong_one_where() {
        let text = "{{ count }} open\n{% for f in findings %}- {{ f.title }}\n{% endfor %}";
        let template = Template::compile(text.to_owned()).expect("a template");
        let about = json!({ "count": 2, "findings": [{ "title": "a" }, { "title": "b" }] });
        assert_eq!(template.render(&about).as_deref(), Ok("2 open\n- a\n- b\n"));
        assert!(template.render(&json!({ "count": 2 })).is_err(), "what is missing is no empty text");
        let wrong = Template::compile("line 1\n{% for %}".to_owned()).expect_err("a mistake");
        assert!(wrong.contains("alert:2"), "{wrong}");
        let endless = "{% for a in range(9999) %}{% for b in range(9999) %}x{% endfor %}{% endfor %}";
        let endless = Template::compile(endless.to_owned()).expect("it compiles");
        assert!(endless.render(&json!({})).is_err(), "bounded");
    }
}
