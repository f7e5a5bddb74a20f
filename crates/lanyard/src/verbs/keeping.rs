//! What verbs about the running of the house answer: findings, messages, alerts, reviews, erasure, retention, stop.

use std::{path::Path, sync::Arc};

use anyhow::Context;
use lanyard_engine::{
    alerts::{AlertRule, Render},
    journal::{Line as JournalLine, line},
    late::{Answer, AnswerProblem},
    ports::{Finding, Severity, Write, Wrote},
    put_away::{PutAwayError, Terms, may_be_put_away},
    reviews::{
        Opening, ReviewError,
        campaign::{Campaign, Line},
    },
};
use lanyard_model::id::{IdentityId, SiteId, TenantId};
use lanyard_store::{
    Archive,
    cut::{CutProblem, sign_cut, verify_cut},
};
use serde_json::{Value, json};

use super::{
    people::{Said, Verbs},
    review::ReviewVerb,
};
use crate::{alerts::Template, evidence::keys, exit, wiring};

impl Verbs {
    pub(super) async fn findings(&self) -> anyhow::Result<Said> {
        let open = self.engine.store().findings(10_000).await?;
        let mut text = String::new();
        for finding in &open {
            let severity = format!("{:?}", finding.severity).to_lowercase();
            text.push_str(&format!("{severity}  {}\n", finding.title));
            text.push_str(&format!("    {}\n", finding.detail));
            if let Some(fix) = &finding.fix {
                text.push_str(&format!("    fix: {fix}\n"));
            }
            let hand = if may_be_put_away(finding) { "    put away: lanyard close " } else { "    key: " };
            text.push_str(&format!("{hand}{}\n", shell_quoted(&finding.key)));
        }
        text.push_str(&format!("{} open\n", open.len()));
        Ok(Said {
            exit: if open.is_empty() { exit::DONE } else { exit::OPEN },
            text,
            json: json!({ "findings": open }),
        })
    }

    pub(super) async fn copy(&self, to: &Path) -> anyhow::Result<Said> {
        let store = self.store.as_ref().context("a demonstration makes no copies of its store")?;
        store.backup_to(to).await?;
        Ok(Said {
            exit: exit::DONE,
            text: format!("copied to {}\n", to.display()),
            json: json!({ "copied": to }),
        })
    }

    pub(super) async fn messages(&self, again: bool) -> anyhow::Result<Said> {
        let mut text = String::new();
        if again {
            let count = self.engine.send_given_up().await?;
            let when = if self.serving { "now" } else { "when the server runs" };
            text.push_str(&format!("{count} that were given up are tried again {when}\n"));
        }
        let all = self.engine.store().messages(200).await?;
        for message in &all {
            let state = match (message.sent_at, message.next) {
                (Some(at), _) => format!("delivered {}", at.strftime("%Y-%m-%d %H:%M:%S UTC")),
                (None, Some(at)) => format!("due {}", at.strftime("%Y-%m-%d %H:%M:%S UTC")),
                (None, None) => "given up".to_owned(),
            };
            text.push_str(&format!("{}  to {}: {state}", message.subject, message.route));
            if message.attempts > 1 || message.error.is_some() {
                text.push_str(&format!(", {} tries", message.attempts));
            }
            text.push_str(
                &message.error.as_ref().map(|why| format!("; last: {why}\n")).unwrap_or("\n".into()),
            );
        }
        let open = all.iter().filter(|message| message.sent_at.is_none()).count();
        text.push_str(&format!("{} messages, {open} not delivered\n", all.len()));
        Ok(Said {
            exit: if open == 0 { exit::DONE } else { exit::OPEN },
            text,
            json: json!({ "messages": all }),
        })
    }

    /// What each alert rule would say if nothing had been told yet: also a look at its template, or at another one that
    /// is being written. A template is tried on made-up findings while nothing that the rule matches is open.
    pub(super) async fn alerts(&self, only: Option<&str>, template: Option<String>) -> anyhow::Result<Said> {
        let rules = &self.engine.settings().alerts.rules;
        if let Some(id) = only.filter(|id| !rules.iter().any(|rule| rule.id == **id)) {
            let known: Vec<_> = rules.iter().map(|rule| rule.id.as_str()).collect();
            anyhow::bail!(exit::Unusable(format!("there is no alert {id}; known: {}", known.join(", "))));
        }
        let tried = match template {
            None => None,
            Some(text) => Some(Arc::new(Template::compile(text).map_err(exit::Unusable)?) as Arc<dyn Render>),
        };
        let open = self.engine.store().findings(100_000).await?;
        let now = self.engine.clock().now();
        let mut text = String::new();
        let mut shown = Vec::new();
        let made_up = examples(now);
        for rule in rules.iter().filter(|rule| only.is_none_or(|only| rule.id == only)) {
            let template = tried.clone().or(rule.template.clone());
            let written = template.as_ref().map(|template| template.text().to_owned());
            let rule = AlertRule { template, ..rule.clone() };
            let mut matching: Vec<_> = open.iter().filter(|finding| rule.matches(finding)).collect();
            let count = matching.len();
            if matching.is_empty() && tried.is_some() {
                matching.extend(&made_up);
                text.push_str("nothing that it matches is open: with made-up findings\n");
            }
            let message = lanyard_engine::alerts::message(&rule, &matching, matching.len(), now);
            text.push_str(&format!("[{}] {} of {} open findings\n", rule.id, count, open.len()));
            if !matching.is_empty() {
                text.push_str(&format!("{}\n{}\n", message.subject, message.text));
            }
            shown.push(json!({
                "rule": rule.id,
                "matching": count,
                "subject": message.subject,
                "text": message.text,
                "template": written,
            }));
        }
        if let Some(digest) = self.engine.settings().alerts.digest.as_ref().filter(|_| only.is_none()) {
            let message = self.engine.digest(now).await?;
            text.push_str(&format!("[digest at {}] {}\n{}", digest.at, message.subject, message.text));
            shown.push(
                json!({ "digest": digest.at.to_string(), "subject": message.subject, "text": message.text }),
            );
        }
        if shown.is_empty() {
            text.push_str("nobody is told anything: add [[alert]] to lanyard.toml\n");
        }
        Ok(Said { exit: exit::DONE, text, json: json!({ "alerts": shown }) })
    }

    pub(super) async fn close(&self, key: &str, terms: Terms, by: &str) -> anyhow::Result<Said> {
        let closed = self.engine.put_away(key, by, terms).await.map_err(|error| {
            let fix = match &error {
                PutAwayError::EndsByItself { fix: Some(fix), .. } => format!("\nhint: {fix}"),
                PutAwayError::Unknown(_) => "\nhint: `lanyard findings` lists the keys".to_owned(),
                PutAwayError::Over(_) => "\nhint: --until takes a day or a moment to come".to_owned(),
                PutAwayError::NotShownAgain { .. } => {
                    "\nhint: put it away without --until once it is done, or leave it open until then"
                        .to_owned()
                }
                _ => String::new(),
            };
            match error {
                PutAwayError::Store(failure) => anyhow::Error::new(failure),
                error => exit::Unusable(format!("{error}{fix}")).into(),
            }
        })?;
        Ok(Said {
            exit: exit::DONE,
            text: format!("put away: {}\n", closed.title),
            json: json!({ "closed": closed.key, "title": closed.title }),
        })
    }

    pub(super) async fn answer_for(&self, answer: Answer, by: &str) -> anyhow::Result<Said> {
        let leaver = self.engine.answer_for_late(&answer, by).await.map_err(|error| match error {
            AnswerProblem::Store(failure) => anyhow::Error::new(failure),
            error => exit::Unusable(error.to_string()).into(),
        })?;
        Ok(Said {
            exit: exit::DONE,
            text: format!(
                "{} answers for {} in {}, whose right ended at {}: the journal and every pack say so\n",
                answer.owner, answer.identity, answer.site, leaver.since
            ),
            json: json!({ "person": answer.identity, "site": answer.site, "since": leaver.since, "owner": answer.owner }),
        })
    }

    pub(super) async fn review(&self, ask: ReviewVerb) -> Result<Said, ReviewError> {
        let said = |text: String, json: Value| Ok(Said { exit: exit::DONE, text, json });
        match ask {
            ReviewVerb::Open { title, tenant, sites, kinds, owner, reviewers, provisioners, due } => {
                let first = self.engine.directories().keys().next().map(ToString::to_string);
                let opening = Opening {
                    title,
                    tenant: TenantId::new(tenant.or(first).unwrap_or_default()),
                    sites: sites.iter().map(|site| SiteId::new(site.as_str())).collect(),
                    kinds,
                    owner,
                    reviewers,
                    provisioners,
                    due_at: due,
                };
                let campaign = self.engine.open_review(opening, "the command line").await?;
                said(campaign_text(&campaign), json!({ "review": campaign }))
            }
            ReviewVerb::List => {
                let all = self.engine.reviews().await?;
                said(all.iter().map(campaign_text).collect(), json!({ "reviews": all }))
            }
            ReviewVerb::Show { id } => {
                let (campaign, lines) = self.engine.review(&id).await?;
                let text = campaign_text(&campaign) + &lines.iter().map(line_text).collect::<String>();
                said(text, json!({ "review": campaign, "lines": lines }))
            }
            ReviewVerb::Decide { line, decision, reason, by } => {
                let decided = self.engine.decide_review(&line, &by, decision.into(), &reason).await?;
                // Without a server the decision is on record, and carried out when one runs: everything else that is due
                // would be done here too.
                if self.serving {
                    self.settle().await;
                }
                said(line_text(&decided), json!({ "line": decided }))
            }
            ReviewVerb::Sign { id, by, statement } => {
                let signed = self.engine.sign_review(&id, &by, &statement).await?;
                said(campaign_text(&signed), json!({ "review": signed }))
            }
        }
    }

    /// Forgets somebody who is gone. Who is still there would only be read again.
    pub(super) async fn erase(&self, person: &str, reason: &str) -> anyhow::Result<Said> {
        let known = |id: &IdentityId| self.engine.directories().contains_key(&id.tenant);
        let id = person
            .split_once('/')
            .map(|(tenant, user)| IdentityId::new(TenantId::new(tenant), user))
            .filter(known)
            .ok_or_else(|| {
                exit::Unusable(format!("{person} is not TENANT/ID of a tenant that is known here"))
            })?;
        let store = self.engine.store();
        if let Some(mirrored) = store.identity(&id).await?
            && mirrored.gone_at.is_none()
            && mirrored.identity.status.is_employed()
        {
            anyhow::bail!(exit::Unusable(format!(
                "{id} is {} in Okta: nothing was erased, it would only be read again\nhint: erase people after they left and were deleted in Okta",
                mirrored.identity.status
            )));
        }
        let now = self.engine.clock().now();
        let title = "a person was forgotten: names and values erased, proofs kept";
        let told = line(&id.tenant, now, "erasure", title).detail(reason).data(json!({ "user": id.user }));
        let wrote = self.engine.write(vec![Write::Erase { identity: id.clone() }, told.write()]).await?;
        let lines = wrote.iter().map(|w| if let Wrote::Lines(n) = w { *n } else { 0 }).sum::<u64>();
        Ok(Said {
            exit: exit::DONE,
            text: format!("{id} is forgotten: {lines} journal lines keep their place and lost their name\n"),
            json: json!({ "person": id, "lines": lines }),
        })
    }

    /// Lets go of old journal lines, tenant by tenant, and signs for each that it was done; and of what is kept beside them and
    /// is as old.
    pub(super) async fn retain(&self, days: u32) -> anyhow::Result<Said> {
        let now = self.engine.clock().now();
        let before = now.checked_sub(jiff::SignedDuration::from_hours(i64::from(days) * 24))?;
        let (mut text, mut all) = (String::new(), Vec::new());
        for tenant in self.engine.directories().keys() {
            let Some((position, note)) = tokio::task::block_in_place(|| self.cut(tenant, before, now))?
            else {
                text.push_str(&format!("{tenant}: nothing before {before} to let go of\n"));
                all.push(json!({ "tenant": tenant, "lines": 0, "gone": 0 }));
                continue;
            };
            let title = format!("journal lines before {before} were let go of; their hashes are kept");
            let told =
                let_go_line(tenant, now, title, json!({ "days": days, "lines": position, "note": note }));
            let gone = Write::LetGo { tenant: tenant.clone(), position, at: now, note };
            let wrote = self.engine.store().write(vec![told.write(), gone]).await?;
            let lines = wrote.iter().map(|w| if let Wrote::Lines(n) = w { *n } else { 0 }).sum::<u64>();
            text.push_str(&format!(
                "{tenant}: {lines} lines before {before} let go of, {position} in all, signed for\n"
            ));
            all.push(json!({ "tenant": tenant, "lines": lines, "gone": position }));
        }
        let (memberships, findings) = self.let_go_beside(before, now, days).await?;
        text.push_str(&format!(
            "{memberships} changes of memberships and {findings} earlier findings before {before} let go of\n"
        ));
        let beside = json!({ "memberships": memberships, "findings": findings });
        Ok(Said {
            exit: exit::DONE,
            text,
            json: json!({ "before": before, "journals": all, "beside": beside }),
        })
    }

    /// How many changes of memberships, and how many findings that were over and were seen again, are gone now. If any are, each
    /// journal says so.
    async fn let_go_beside(
        &self,
        before: jiff::Timestamp,
        now: jiff::Timestamp,
        days: u32,
    ) -> anyhow::Result<(u64, u64)> {
        let title = format!("changes of memberships, and earlier findings, before {before} were let go of");
        let tell = |tenant| let_go_line(tenant, now, title.clone(), json!({ "days": days })).entry();
        let told = self.engine.directories().keys().map(tell).collect();
        let (mut memberships, mut findings) = (0, 0);
        for wrote in self.engine.store().write(vec![Write::PastGone { before, told }]).await? {
            if let Wrote::Gone { memberships: changes, findings: past } = wrote {
                (memberships, findings) = (changes, past);
            }
        }
        Ok((memberships, findings))
    }

    /// How many lines are older, and the note signed over them; `None` if there are none.
    ///
    /// # Errors
    /// The store's; and what was let go of earlier is not what was signed for: a new note over it would hide that.
    fn cut(
        &self,
        tenant: &TenantId,
        before: jiff::Timestamp,
        now: jiff::Timestamp,
    ) -> anyhow::Result<Option<(u64, String)>> {
        let archive = Archive::open(wiring::store_folder(&self.dir))?;
        let key = keys::load_or_make(&self.dir, tenant)?;
        let origin = keys::origin(&key, tenant);
        let (gone, signed) = archive.cut(tenant)?;
        if gone > 0
            && let Some(root) = archive.root_at(tenant, gone)?
        {
            match verify_cut(signed.as_deref(), &origin, gone, &root, &key.verifier()) {
                // Earlier versions signed nothing: this is the run that does.
                Ok(()) | Err(CutProblem::Unsigned(_)) => {}
                Err(problem) => anyhow::bail!(exit::Unusable(format!(
                    "{tenant}: {problem}; nothing was let go of or signed for\nhint: run `lanyard verify --data DIR`, and compare with \
                     the checkpoints outside"
                ))),
            }
        }
        let (position, root) = archive.older(tenant, before)?;
        if position == 0 {
            return Ok(None);
        }
        Ok(Some((position, sign_cut(&origin, position, root, now, &key))))
    }

    pub(super) async fn stop(&self, stop: bool) -> anyhow::Result<Said> {
        self.engine.set_stopped(stop, "the command line").await?;
        let open = self.engine.store().open_intents(None).await?;
        let mut text = if stop {
            "stopped: nothing is written to any site\n".to_owned()
        } else {
            "resumed\n".to_owned()
        };
        for open in &open {
            text.push_str(&format!(
                "in flight: {} for {}\n",
                open.intent.operation.name(),
                open.intent.identity
            ));
        }
        let flight: Vec<_> = open.iter().map(|o| json!({ "id": o.intent.id, "identity": o.intent.identity, "operation": o.intent.operation.name() })).collect();
        Ok(Said {
            exit: exit::DONE,
            text,
            json: json!({ "state": if stop { "stopped" } else { "running" }, "in_flight": flight }),
        })
    }
}

/// What a journal says of what `journal retain` let go of.
fn let_go_line(tenant: &TenantId, now: jiff::Timestamp, title: String, data: Value) -> JournalLine {
    line(tenant, now, "retention", title).detail("the command line").data(data)
}

/// Findings that nobody has, to see a template with.
fn examples(now: jiff::Timestamp) -> Vec<Finding> {
    let one = |kind: &str, severity, title: &str, fix: &str| Finding {
        key: format!("example:{kind}"),
        kind: kind.into(),
        severity,
        tenant: Some("example".into()),
        site: Some("example".into()),
        identity: None,
        title: title.into(),
        detail: "made up, to see the template with".into(),
        fix: Some(fix.into()),
        count: None,
        since: now,
    };
    vec![
        one("feed", Severity::Error, "example: Okta's log cannot be read", "run doctor"),
        one(
            "todo",
            Severity::Warning,
            "find a desk for Ana Example",
            "free a desk; the next look assigns it",
        ),
    ]
}

fn campaign_text(campaign: &Campaign) -> String {
    let state = match campaign.closed_at {
        Some(at) => format!("signed off at {at} by {}", campaign.owner),
        None => format!("due at {}", campaign.due_at),
    };
    let flags =
        if campaign.flags.is_empty() { String::new() } else { format!("  ({})", campaign.flags.join(", ")) };
    format!("{}  {}  {} lines  {state}{flags}\n", campaign.id, campaign.title, campaign.lines)
}

fn line_text(line: &Line) -> String {
    let decision =
        line.decision.map_or_else(|| "undecided".to_owned(), |word| format!("{word:?}").to_lowercase());
    let removed = line.removed_at.map(|at| format!(", gone at {at}")).unwrap_or_default();
    let who = if line.name.is_empty() { &line.person } else { &line.name };
    format!(
        "  {}  {who}  {} {} {}  {}: {decision}{removed}{}\n",
        line.id,
        line.kind,
        line.what,
        line.value,
        line.reviewer,
        line.reason.as_ref().map(|reason| format!(" ({reason})")).unwrap_or_default()
    )
}

/// As one word of a shell's command line.
fn shell_quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_:./@".contains(c);
    if text.chars().all(plain) { text.to_owned() } else { format!("'{}'", text.replace('\'', "'\\''")) }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use lanyard_engine::{EngineSettings, alerts::AlertSettings, ports::Store};
    use lanyard_store::SqliteStore;

    use super::*;
    use crate::wiring::SystemClock;

    #[tokio::test]
    async fn a_preview_shows_what_a_rule_would_say_and_a_template_without_anything_open() {
        let rule = AlertRule {
            id: "it".into(),
            kinds: ["feed".to_owned()].into(),
            sites: Default::default(),
            tenants: Default::default(),
            at_least: Severity::Error,
            to: Vec::new(),
            gather: Duration::ZERO,
            every: Duration::ZERO,
            template: None,
        };
        let store = Arc::new(SqliteStore::in_memory().unwrap());
        let policy = concat!(env!("CARGO_MANIFEST_DIR"), "/../../policies/harborlight");
        let clients = wiring::Clients { directories: Vec::new(), workplaces: Vec::new(), doors: Vec::new() };
        let alerts = AlertSettings { rules: vec![rule], ..AlertSettings::default() };
        let engine = wiring::engine(
            clients,
            store.clone(),
            Arc::new(SystemClock),
            wiring::load_policy(Path::new(policy)).unwrap(),
            EngineSettings { alerts, ..EngineSettings::default() },
        );
        let verbs = Verbs { engine: Arc::new(engine), store: None, dir: Default::default(), serving: false };
        let template = || Some("{{ count }} open: {{ findings[0].title }}".to_owned());
        let made_up = verbs.alerts(Some("it"), template()).await.unwrap();
        assert_eq!(made_up.json["alerts"][0]["text"], "2 open: example: Okta's log cannot be read");
        assert_eq!(made_up.json["alerts"][0]["matching"], 0);
        assert!(made_up.text.starts_with("nothing that it matches is open: with made-up findings\n"));

        let open = |kind: &str, severity, title: &str| {
            Write::Finding(Box::new(Finding {
                key: format!("{kind}:acme"),
                kind: kind.into(),
                severity,
                tenant: None,
                site: None,
                identity: None,
                title: title.into(),
                detail: "for an hour".into(),
                fix: Some("run doctor".into()),
                count: None,
                since: jiff::Timestamp::UNIX_EPOCH,
            }))
        };
        let batch = vec![
            open("feed", Severity::Error, "acme: Okta's log cannot be read"),
            open("todo", Severity::Error, "find a desk"),
        ];
        store.write(batch).await.unwrap();
        let shown = verbs.alerts(None, None).await.unwrap();
        assert_eq!(
            shown.text,
            "[it] 1 of 2 open findings\nLanyard: acme: Okta's log cannot be read\n\
             alarm: acme: Okta's log cannot be read\n  for an hour\n  fix: run doctor\n\n"
        );
        let tried = verbs.alerts(Some("it"), template()).await.unwrap();
        assert_eq!(tried.json["alerts"][0]["text"], "1 open: acme: Okta's log cannot be read");
        let unknown = verbs.alerts(Some("nobody"), None).await.unwrap_err().to_string();
        assert_eq!(unknown, "there is no alert nobody; known: it");
    }
}
