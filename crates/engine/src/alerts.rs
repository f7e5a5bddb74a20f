//! Telling people outside the console what needs them: which findings go where, so that a storm is one message, and
//! the daily digest.
//!
//! A rule gathers what matches it for a moment, tells it in one message, and then keeps quiet for a while; what comes
//! meanwhile is told together. What was told is kept in the store, so that a restart neither repeats nor forgets.
//! Delivery, with its retries, is the outbox's.

use std::{borrow::Cow, collections::BTreeSet, fmt::Write as _, sync::Arc, time::Duration};

use jiff::{Timestamp, civil::Time, tz::TimeZone};
use lanyard_model::id::{SiteId, TenantId};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    Engine,
    asking::{self, Asking},
    ports::{Finding, Message, Route, Severity, StoreFailure, Write},
};

/// Findings written out in one message; the rest is counted.
const SHOWN_MAX: usize = 20;
/// How often rules are gone through.
const ROUND: Duration = Duration::from_secs(5);

/// Turns what a message is about into its text.
pub trait Render: Send + Sync + std::fmt::Debug {
    /// # Errors
    /// What is wrong with the template, in words.
    fn render(&self, about: &Value) -> Result<String, String>;

    /// The template as it was written, for whoever wants to change it.
    fn text(&self) -> &str;
}

/// Where alarms go.
#[derive(Debug, Clone, Default)]
pub struct AlertSettings {
    pub rules: Vec<AlertRule>,
    pub digest: Option<Digest>,
    /// Where signed heads of the journals go.
    pub checkpoints: CheckpointRoutes,
    /// How people are asked about what waits for them.
    pub asking: Asking,
}

/// Where signed heads of the journals go, beside the folder. Messages of the routes `checkpoints` and `checkpoints-mail`.
#[derive(Debug, Clone, Default)]
pub struct CheckpointRoutes {
    /// With each new checkpoint.
    pub each: Vec<Route>,
    /// Now and then: for mailboxes.
    pub seldom: Vec<Route>,
}

/// Which findings are told to whom.
#[derive(Debug, Clone)]
pub struct AlertRule {
    pub id: String,
    /// Empty: every kind.
    pub kinds: BTreeSet<String>,
    /// Empty: every site, and what is of no site.
    pub sites: BTreeSet<SiteId>,
    /// Empty: every tenant, and what is of no tenant.
    pub tenants: BTreeSet<TenantId>,
    pub at_least: Severity,
    pub to: Vec<Route>,
    /// After the first finding, others are waited for this long.
    pub gather: Duration,
    /// No two messages come closer than this.
    pub every: Duration,
    pub template: Option<Arc<dyn Render>>,
}

/// A summary once a day.
#[derive(Debug, Clone)]
pub struct Digest {
    pub at: Time,
    pub zone: TimeZone,
    pub to: Vec<Route>,
}

impl Digest {
    /// Its moment on the day that `now` is in its zone, and on the days beside it.
    fn moments(&self, now: Timestamp) -> impl Iterator<Item = Timestamp> {
        let day = now.to_zoned(self.zone.clone()).date();
        let days = [day.yesterday(), Ok(day), day.tomorrow()].into_iter().flatten();
        days.filter_map(|day| Some(day.to_datetime(self.at).to_zoned(self.zone.clone()).ok()?.timestamp()))
    }

    /// The last moment for a digest, `now` itself among them.
    fn before(&self, now: Timestamp) -> Timestamp {
        let day = Duration::from_secs(86_400);
        self.moments(now).filter(|at| *at <= now).max().unwrap_or(now - day)
    }

    /// The next moment for one.
    fn after(&self, now: Timestamp) -> Timestamp {
        let day = Duration::from_secs(86_400);
        self.moments(now).find(|at| *at > now).unwrap_or(now + day)
    }
}

impl AlertRule {
    pub fn matches(&self, finding: &Finding) -> bool {
        let among = |set: &BTreeSet<String>, one: &str| set.is_empty() || set.contains(one);
        finding.severity >= self.at_least
            && among(&self.kinds, &finding.kind)
            && (self.sites.is_empty() || finding.site.as_ref().is_some_and(|site| self.sites.contains(site)))
            && (self.tenants.is_empty()
                || finding.tenant.as_ref().is_some_and(|tenant| self.tenants.contains(tenant)))
    }
}

/// What one rule has told so far.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Book {
    told: BTreeSet<u64>,
    sent_at: Option<Timestamp>,
    first_untold: Option<Timestamp>,
}

/// What a rule says now.
#[derive(Debug, PartialEq, Eq)]
pub enum Say<'a> {
    Nothing,
    /// These are new.
    Open(Vec<&'a Finding>),
    /// Everything that was told is over.
    Over,
}

impl Book {
    /// Goes through what is open; keeps account of what it answers. `open` is sorted worst first.
    pub fn say<'a>(&mut self, rule: &AlertRule, open: &'a [Finding], now: Timestamp) -> Say<'a> {
        let matching: Vec<_> = open.iter().filter(|finding| rule.matches(finding)).collect();
        let had_told = !self.told.is_empty();
        let marks: BTreeSet<u64> = matching.iter().map(|finding| mark(finding)).collect();
        self.told.retain(|told| marks.contains(told));
        let untold: Vec<_> =
            matching.into_iter().filter(|finding| !self.told.contains(&mark(finding))).collect();
        if untold.is_empty() {
            self.first_untold = None;
            return if had_told && self.told.is_empty() { Say::Over } else { Say::Nothing };
        }
        let first = *self.first_untold.get_or_insert(now);
        let gathered = first + rule.gather;
        let due = self.sent_at.map_or(gathered, |sent| gathered.max(sent + rule.every));
        if now < due {
            return Say::Nothing;
        }
        self.told.extend(untold.iter().map(|finding| mark(finding)));
        self.sent_at = Some(now);
        self.first_untold = None;
        Say::Open(untold)
    }
}

/// Names one occurrence of a finding: the same key that begins anew is another one. FNV-1a, which stays the same.
fn mark(finding: &Finding) -> u64 {
    steady(&format!("{}\n{}", finding.key, finding.since.as_microsecond()))
}

/// FNV-1a, which stays the same over restarts.
pub(crate) fn steady(text: &str) -> u64 {
    text.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// What a message is about, for templates and for programs.
pub fn about(rule: &str, findings: &[&Finding]) -> Value {
    json!({
        "rule": rule,
        "status": if findings.is_empty() { "over" } else { "open" },
        "count": findings.len(),
        "findings": findings.iter().take(SHOWN_MAX).collect::<Vec<_>>(),
    })
}

fn subject(findings: &[&Finding]) -> String {
    match findings {
        [] => "all of it is over".to_owned(),
        [one] => one.title.clone(),
        [first, ..] => format!("{}, and {} more", first.title, findings.len() - 1),
    }
}

fn text(findings: &[&Finding]) -> String {
    let mut text = String::new();
    for finding in findings.iter().take(SHOWN_MAX) {
        let _ = writeln!(text, "{}: {}", word(finding.severity), finding.title);
        if !finding.detail.is_empty() {
            let _ = writeln!(text, "  {}", finding.detail);
        }
        if let Some(fix) = &finding.fix {
            let _ = writeln!(text, "  fix: {fix}");
        }
    }
    if findings.len() > SHOWN_MAX {
        let _ = writeln!(text, "… and {} more: see the console", findings.len() - SHOWN_MAX);
    }
    text
}

/// For people.
pub fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Info => "note",
        Severity::Warning => "warning",
        Severity::Error => "alarm",
    }
}

/// The message of a rule; `findings` empty says that what it told of is over.
pub fn message(rule: &AlertRule, findings: &[&Finding], at: Timestamp) -> Message {
    let about = about(&rule.id, findings);
    let plain =
        || if findings.is_empty() { "Nothing of it is open any more.\n".to_owned() } else { text(findings) };
    let text = match &rule.template {
        Some(template) => template
            .render(&about)
            .unwrap_or_else(|why| format!("(the template of this alert is wrong: {why})\n\n{}", plain())),
        None => plain(),
    };
    Message {
        id: format!("alert:{}:{}", rule.id, at.as_millisecond()),
        route: format!("alert:{}", rule.id),
        subject: format!("Lanyard: {}", subject(findings)),
        text,
        at,
        attempts: 0,
        data: Some(about),
    }
}

/// What the finding about a message that was given up is called, by the name of its route.
pub(crate) fn undelivered(route: &str) -> String {
    format!("a message to {route} could not be delivered")
}

/// The route of the message that the finding is about, if it is about one.
fn undelivered_to(finding: &Finding) -> Option<&str> {
    let title = (finding.kind == "message").then_some(finding.title.as_str())?;
    title.strip_prefix("a message to ")?.strip_suffix(" could not be delivered")
}

/// The store's note of the last digest.
const DIGEST_TOLD: &str = "digest:told";

fn book_key(rule: &str) -> String {
    format!("alert-book:{rule}")
}

impl Engine {
    /// Goes through the rules for ever.
    pub(crate) async fn watch_alerts(&self) {
        if self.settings.alerts.rules.is_empty() {
            return;
        }
        loop {
            if let Err(failure) = self.tell_alerts().await {
                tracing::warn!(%failure, "alerts could not be gone through");
            }
            self.clock.sleep(ROUND).await;
        }
    }

    /// One round over all rules: messages that are due go into the outbox, with what was told.
    ///
    /// # Errors
    /// The store's failure: nothing was told.
    pub async fn tell_alerts(&self) -> Result<usize, StoreFailure> {
        let now = self.clock.now();
        let open = self.store.findings(100_000).await?;
        let mut told = 0;
        for rule in &self.settings.alerts.rules {
            let key = book_key(&rule.id);
            let kept = self.store.meta(&key).await?;
            let before: Book = kept.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
            let mut book = before.clone();
            let off = |finding: &Finding| self.is_off_route(finding, rule);
            let open = match open.iter().any(off) {
                true => Cow::Owned(open.iter().filter(|finding| !off(finding)).cloned().collect::<Vec<_>>()),
                false => Cow::Borrowed(&open[..]),
            };
            let said = book.say(rule, &open, now);
            let mut batch = match &said {
                Say::Nothing => Vec::new(),
                Say::Open(findings) => vec![Write::Message(Box::new(message(rule, findings, now)))],
                Say::Over => vec![Write::Message(Box::new(message(rule, &[], now)))],
            };
            told += batch.len();
            if book != before {
                let value = serde_json::to_string(&book).unwrap_or_default();
                batch.push(Write::Meta { key, value });
            }
            self.write(batch).await?;
        }
        Ok(told)
    }

    /// Whether the finding says that a message could not be delivered where this rule leads: it would not get there either.
    fn is_off_route(&self, finding: &Finding, rule: &AlertRule) -> bool {
        let Some(name) = undelivered_to(finding) else { return false };
        let failed = self.routes(name);
        name.strip_prefix("alert:") == Some(&rule.id) || rule.to.iter().all(|route| failed.contains(route))
    }

    /// Puts every message that was given up back among those that are due. How many there are.
    ///
    /// # Errors
    /// The store's failure.
    pub async fn send_given_up(&self) -> Result<usize, StoreFailure> {
        let at = self.clock.now();
        let all = self.store.messages(100_000).await?;
        let given_up = all.into_iter().filter(|known| known.sent_at.is_none() && known.next.is_none());
        let batch: Vec<_> = given_up
            .map(|known| Write::MessageTried {
                id: known.id,
                at,
                result: Err(known.error.unwrap_or_else(|| "given up".into())),
                next: Some(at),
            })
            .collect();
        let count = batch.len();
        if count > 0 {
            self.write(batch).await?;
            // Somebody has mended something: what took nothing is tried at once.
            self.post.try_again(at);
            self.mail.notify_one();
        }
        Ok(count)
    }

    /// Sends the digest once a day for ever. One that was missed while nothing ran is made up, once; so is one that could not
    /// be made at its time.
    pub async fn send_digests(&self) {
        let Some(digest) = &self.settings.alerts.digest else { return };
        let mut failures = 0;
        loop {
            let now = self.clock.now();
            match self.digest_due(digest, now).await {
                Ok(()) => {
                    failures = 0;
                    self.clock.sleep_until(digest.after(now)).await;
                }
                Err(failure) => {
                    failures += 1;
                    tracing::warn!(%failure, "the digest could not be made");
                    self.clock.sleep(self.settings.backoff(failures, "digest")).await;
                }
            }
        }
    }

    /// The digest of the last moment for one, unless it was sent; the first process only takes note of the time.
    async fn digest_due(&self, digest: &Digest, now: Timestamp) -> Result<(), StoreFailure> {
        let told = self.store.meta(DIGEST_TOLD).await?.and_then(|text| text.parse::<Timestamp>().ok());
        let due = digest.before(now);
        let mut batch = Vec::new();
        match told {
            Some(told) if told >= due => return Ok(()),
            Some(_) => batch.push(Write::Message(Box::new(self.digest(due).await?))),
            None => {}
        }
        batch.push(Write::Meta { key: DIGEST_TOLD.into(), value: due.to_string() });
        self.write(batch).await.map(drop)
    }

    /// What happened in the day before `at`, and what is open.
    ///
    /// # Errors
    /// The store's failure.
    pub async fn digest(&self, at: Timestamp) -> Result<Message, StoreFailure> {
        let day = Duration::from_secs(86_400);
        let rates = self.store.operation_rates(at - day, day).await?;
        // One that is made up later is of its day all the same.
        let of_the_day = rates.iter().filter(|(from, ..)| *from < at);
        let (applied, failed) = of_the_day.fold((0, 0), |(a, f), (_, more, less)| (a + more, f + less));
        let open = self.store.findings(100_000).await?;
        let mut kinds: std::collections::BTreeMap<(std::cmp::Reverse<Severity>, &str), usize> =
            Default::default();
        for finding in &open {
            *kinds.entry((std::cmp::Reverse(finding.severity), &finding.kind)).or_default() += 1;
        }
        let late = self.store.leavers(true, 10_000).await?.len();
        let work = self.store.work_counts(at).await?;
        let mut text = format!(
            "{applied} changes were made in the last day, {failed} were refused.\n\
             {late} leavers are not yet verified gone; {} people wait for somebody.\n",
            work.dead
        );
        if let Some(sweep) = self.store.sweeps(None, 1).await?.first() {
            let _ = writeln!(
                text,
                "The last full comparison began {}: {} people, {} differed; {}.",
                sweep.started_at.strftime("%Y-%m-%d %H:%M UTC"),
                sweep.people,
                sweep.drift,
                if sweep.certified {
                    "every list was proven complete"
                } else {
                    "not every list was proven complete"
                }
            );
        }
        let _ = writeln!(text, "{} findings are open{}", open.len(), if open.is_empty() { "." } else { ":" });
        for ((std::cmp::Reverse(severity), kind), count) in &kinds {
            let _ = writeln!(text, "  {count} × {kind} ({})", word(*severity));
        }
        // The day as those who read it count it.
        let zone = self.settings.alerts.digest.as_ref().map_or(TimeZone::UTC, |digest| digest.zone.clone());
        let date = at.to_zoned(zone).strftime("%Y-%m-%d").to_string();
        Ok(Message {
            id: format!("digest:{at}"),
            route: "digest".into(),
            subject: format!("Lanyard: the day until {date}"),
            text,
            at,
            attempts: 0,
            data: Some(
                json!({ "applied": applied, "failed": failed, "open": open.len(), "leavers_open": late }),
            ),
        })
    }

    /// Where a message's route leads: an alert's, the digest's, or one of the policy's.
    pub(crate) fn routes(&self, name: &str) -> Vec<Route> {
        if name == "digest" {
            return self.settings.alerts.digest.iter().flat_map(|digest| digest.to.clone()).collect();
        }
        match name {
            "checkpoints" => return self.settings.alerts.checkpoints.each.clone(),
            asking::TO_CHANNELS => return self.settings.alerts.asking.channels.clone(),
            "checkpoints-mail" => return self.settings.alerts.checkpoints.seldom.clone(),
            _ => {}
        }
        if let Some(mail) = name.strip_prefix(asking::TO_MAILBOX) {
            return vec![Route::Email(vec![mail.to_owned()])];
        }
        if let Some(rule) = name.strip_prefix("alert:") {
            let rules = self.settings.alerts.rules.iter();
            return rules.filter(|known| known.id == rule).flat_map(|known| known.to.clone()).collect();
        }
        let active = self.active();
        let Some(channel) = active.policy.routes().get(name) else { return Vec::new() };
        let mut routes = Vec::new();
        if !channel.email.is_empty() {
            routes.push(Route::Email(channel.email.clone()));
        }
        routes.extend(channel.slack_secret.clone().map(Route::Slack));
        routes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + seconds).expect("a moment")
    }

    fn finding(key: &str, kind: &str, severity: Severity, site: Option<&str>) -> Finding {
        Finding {
            key: key.into(),
            kind: kind.into(),
            severity,
            tenant: None,
            site: site.map(Into::into),
            identity: None,
            title: format!("{key} is wrong"),
            detail: String::new(),
            fix: None,
            since: at(0),
        }
    }

    fn rule() -> AlertRule {
        AlertRule {
            id: "it".into(),
            kinds: BTreeSet::new(),
            sites: BTreeSet::new(),
            tenants: BTreeSet::new(),
            at_least: Severity::Warning,
            to: Vec::new(),
            gather: Duration::from_secs(30),
            every: Duration::from_secs(600),
            template: None,
        }
    }

    fn titles(say: &Say<'_>) -> String {
        match say {
            Say::Nothing => "nothing".into(),
            Say::Over => "over".into(),
            Say::Open(found) => found.iter().map(|f| f.key.as_str()).collect::<Vec<_>>().join(" "),
        }
    }

    #[test]
    fn rules_choose_by_kind_site_and_severity() {
        let all = [
            finding("a", "feed", Severity::Error, None),
            finding("b", "todo", Severity::Warning, Some("hq")),
            finding("c", "cap", Severity::Error, Some("south")),
            finding("d", "note", Severity::Info, Some("hq")),
        ];
        let chosen = |rule: &AlertRule| {
            let keys: Vec<_> = all.iter().filter(|f| rule.matches(f)).map(|f| f.key.as_str()).collect();
            keys.join("")
        };
        assert_eq!(chosen(&rule()), "abc");
        assert_eq!(chosen(&AlertRule { at_least: Severity::Error, ..rule() }), "ac");
        assert_eq!(chosen(&AlertRule { sites: ["hq".into()].into(), ..rule() }), "b");
        assert_eq!(chosen(&AlertRule { kinds: ["feed".into(), "cap".into()].into(), ..rule() }), "ac");
    }

    #[test]
    fn a_storm_is_one_message_and_what_comes_after_it_another() {
        let (rule, mut book) = (rule(), Book::default());
        let storm: Vec<_> =
            (0..500).map(|n| finding(&format!("k{n}"), "blocked", Severity::Warning, None)).collect();
        assert_eq!(book.say(&rule, &storm[..1], at(0)), Say::Nothing, "others are waited for");
        let Say::Open(first) = book.say(&rule, &storm[..300], at(30)) else { panic!("due") };
        assert_eq!(first.len(), 300);
        let one = message(&rule, &first, at(30));
        assert_eq!(one.subject, "Lanyard: k0 is wrong, and 299 more");
        assert!(one.text.ends_with("… and 280 more: see the console\n"), "{}", one.text);
        for seconds in [31, 100, 629] {
            assert_eq!(titles(&book.say(&rule, &storm, at(seconds))), "nothing", "{seconds}");
        }
        let Say::Open(rest) = book.say(&rule, &storm, at(630)) else { panic!("due") };
        assert_eq!(rest.len(), 200, "what came meanwhile, together");
        assert_eq!(titles(&book.say(&rule, &storm, at(9000))), "nothing", "nothing is told twice");
    }

    #[test]
    fn what_is_over_is_told_once_and_what_returns_is_news() {
        let (rule, mut book) =
            (AlertRule { gather: Duration::ZERO, every: Duration::ZERO, ..rule() }, Book::default());
        let mut open =
            vec![finding("a", "feed", Severity::Error, None), finding("b", "feed", Severity::Error, None)];
        assert_eq!(titles(&book.say(&rule, &open, at(0))), "a b");
        open.remove(0);
        assert_eq!(titles(&book.say(&rule, &open, at(1))), "nothing");
        assert_eq!(titles(&book.say(&rule, &[], at(2))), "over");
        assert_eq!(titles(&book.say(&rule, &[], at(3))), "nothing");
        open[0].since = at(4);
        assert_eq!(titles(&book.say(&rule, &open, at(4))), "b");
        let kept: Book = serde_json::from_str(&serde_json::to_string(&book).expect("text")).expect("a book");
        assert_eq!(kept, book, "a restart neither repeats nor forgets");
    }
}
