//! Telling people outside the console what needs them: which findings go where, so that a storm is one message, and
//! the daily digest.
//!
//! A rule gathers what matches it for a moment, tells it in one message, and then keeps quiet for a while; what comes
//! meanwhile is told together. What was told is kept in the store, so that a restart neither repeats nor forgets.
//! Delivery, with its retries, is the outbox's.

mod book;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    sync::Arc,
    time::Duration,
};

use jiff::{Timestamp, civil::Time, tz::TimeZone};
use lanyard_model::id::{SiteId, TenantId};
use serde_json::{Value, json};

use self::book::{Book, Say, Watch};
use crate::{
    Engine,
    asking::{self, Asking},
    ports::{Finding, Message, Route, Severity, StoreFailure, Write},
};

/// Findings written out in one message; the rest is counted.
const SHOWN_MAX: usize = 20;
/// Open findings that are looked through for alerts, worst first; and changes that are gone through one by one.
const FINDINGS_MAX: usize = 100_000;
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
    /// What is news waits so long after the last message. That all is over is told at once.
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

/// FNV-1a, which stays the same over restarts.
pub(crate) fn steady(text: &str) -> u64 {
    text.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// What a message is about, for templates and for programs: so many findings, the first of which these are.
fn about(rule: &str, findings: &[&Finding], count: usize) -> Value {
    json!({
        "rule": rule,
        "status": if findings.is_empty() { "over" } else { "open" },
        "count": count,
        "findings": findings.iter().take(SHOWN_MAX).collect::<Vec<_>>(),
    })
}

fn subject(findings: &[&Finding], count: usize) -> String {
    match findings {
        [] => "all of it is over".to_owned(),
        [one, ..] if count <= 1 => one.title.clone(),
        [first, ..] => format!("{}, and {} more", first.title, count - 1),
    }
}

fn text(findings: &[&Finding], count: usize) -> String {
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
    if count > SHOWN_MAX {
        let _ = writeln!(text, "… and {} more: see the console", count - SHOWN_MAX);
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

/// The message of a rule about so many findings, worst first, of which `findings` are at least those that are shown; none says
/// that what it told of is over.
pub fn message(rule: &AlertRule, findings: &[&Finding], count: usize, at: Timestamp) -> Message {
    let about = about(&rule.id, findings, count);
    let plain = || match findings {
        [] => "Nothing of it is open any more.\n".to_owned(),
        findings => text(findings, count),
    };
    let text = match &rule.template {
        Some(template) => template
            .render(&about)
            .unwrap_or_else(|why| format!("(the template of this alert is wrong: {why})\n\n{}", plain())),
        None => plain(),
    };
    Message {
        id: format!("alert:{}:{}", rule.id, at.as_millisecond()),
        route: format!("alert:{}", rule.id),
        subject: format!("Lanyard: {}", subject(findings, count)),
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

/// What the rules know of what is open.
#[derive(Debug)]
pub(crate) struct WatchedAlerts {
    /// As of which change.
    number: u64,
    /// Under which policy.
    policy: String,
    /// In the order of the settings.
    rules: Vec<Watch>,
}

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
    /// The store's failure: nothing was told of the rule at which it failed, nor of those after it.
    pub async fn tell_alerts(&self) -> Result<usize, StoreFailure> {
        let now = self.clock.now();
        let mut told = 0;
        // Whatever fails on the way, everything is read anew.
        let mut held = self.watched_alerts.lock().await;
        let mut watched = self.watch_changes(held.take()).await?;
        for (rule, watch) in self.settings.alerts.rules.iter().zip(&mut watched.rules) {
            let mut batch = Vec::new();
            match watch.say(rule, now) {
                Say::Nothing => {}
                Say::Over => batch.push(Write::Message(Box::new(message(rule, &[], 0, now)))),
                Say::Open(keys) => {
                    let shown = self.shown(&keys).await?;
                    // What is over by now, or began anew, is among the next changes.
                    if !shown.is_empty() {
                        let shown: Vec<&Finding> = shown.iter().collect();
                        batch.push(Write::Message(Box::new(message(rule, &shown, keys.len(), now))));
                        watch.told(now);
                    }
                }
            }
            told += batch.len();
            if let Some(book) = watch.unkept() {
                let value = serde_json::to_string(book).unwrap_or_default();
                batch.push(Write::Meta { key: book_key(&rule.id), value });
            }
            if !batch.is_empty() {
                self.write(batch).await?;
            }
        }
        *held = Some(watched);
        Ok(told)
    }

    /// What the rules know, after everything that changed since.
    async fn watch_changes(&self, before: Option<WatchedAlerts>) -> Result<WatchedAlerts, StoreFailure> {
        // Another policy may lead messages elsewhere.
        let policy = self.active().policy.seal().to_owned();
        let before = before.filter(|watched| watched.policy == policy);
        let changed =
            self.store.findings_changed(before.as_ref().map(|known| known.number), FINDINGS_MAX).await?;
        let number = changed.number;
        let rules = &self.settings.alerts.rules;
        let tells =
            |rule: &AlertRule, finding: &Finding| rule.matches(finding) && !self.is_off_route(finding, rule);
        if let Some(mut watched) = before.filter(|_| !changed.whole) {
            for (rule, watch) in rules.iter().zip(&mut watched.rules) {
                for (key, finding) in &changed.findings {
                    watch.see(key, finding.as_ref().filter(|finding| tells(rule, finding)));
                }
            }
            return Ok(WatchedAlerts { number, ..watched });
        }
        let mut watched = WatchedAlerts { number, policy, rules: Vec::with_capacity(rules.len()) };
        for rule in rules {
            let kept = self.store.meta(&book_key(&rule.id)).await?;
            let book: Book = kept.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
            let open = changed.findings.iter().filter_map(|(_, finding)| finding.as_ref());
            watched.rules.push(Watch::new(book, open.filter(|finding| tells(rule, finding))));
        }
        Ok(watched)
    }

    /// Those of these findings that a message shows.
    async fn shown(&self, keys: &[String]) -> Result<Vec<Finding>, StoreFailure> {
        let mut shown = Vec::new();
        for key in keys.iter().take(SHOWN_MAX) {
            shown.extend(self.store.finding(key).await?);
        }
        Ok(shown)
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
        let rates = self.store.operation_rates(None, at - day, day).await?;
        // One that is made up later is of its day all the same.
        let of_the_day = rates.iter().filter(|(from, ..)| *from < at);
        let (applied, failed) = of_the_day.fold((0, 0), |(a, f), (_, more, less)| (a + more, f + less));
        let open = self.store.findings(100_000).await?;
        let mut kinds: BTreeMap<(std::cmp::Reverse<Severity>, &str), usize> = BTreeMap::new();
        for finding in &open {
            *kinds.entry((std::cmp::Reverse(finding.severity), &finding.kind)).or_default() += 1;
        }
        let late = self.store.leavers(true, 10_000).await?.len();
        let work = self.store.work_counts(None, at).await?;
        let mut text = format!(
            "{applied} changes were made in the last day, {failed} were refused.\n\
             {late} leavers are not yet verified gone; {} people wait for somebody.\n",
            work.dead
        );
        text.push_str(&self.compared_text().await?);
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

    /// When each site was compared last, and what came of it; sites that stand alike in one line.
    async fn compared_text(&self) -> Result<String, StoreFailure> {
        let all = self.sites_compared(&self.last_sweeps().await?);
        let mut alike: BTreeMap<_, Vec<String>> = BTreeMap::new();
        for one in &all {
            let how = (one.last, one.drift, one.certified);
            alike.entry(how).or_default().push(one.site.to_string());
        }
        let mut text = String::new();
        for ((last, drift, certified), sites) in alike {
            let named = if sites.len() == all.len() { "Every site".to_owned() } else { sites.join(", ") };
            let Some((began, _)) = last else {
                let _ = writeln!(text, "{named}: not compared with everybody yet.");
                continue;
            };
            let proven = if certified { "every" } else { "not every" };
            let _ = writeln!(
                text,
                "{named}: last compared from {} on, {drift} people differed; {proven} list was proven complete.",
                began.strftime("%Y-%m-%d %H:%M UTC")
            );
        }
        Ok(text)
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

    pub(super) fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + seconds).expect("a moment")
    }

    pub(super) fn finding(key: &str, kind: &str, severity: Severity, site: Option<&str>) -> Finding {
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
            count: None,
            since: at(0),
        }
    }

    pub(super) fn rule() -> AlertRule {
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
    fn a_message_counts_all_and_shows_the_first() {
        let all: Vec<_> =
            (0..20).map(|n| finding(&format!("k{n}"), "blocked", Severity::Warning, None)).collect();
        let shown: Vec<&Finding> = all.iter().collect();
        let one = message(&rule(), &shown, 300, at(30));
        assert_eq!(one.subject, "Lanyard: k0 is wrong, and 299 more");
        assert!(one.text.ends_with("… and 280 more: see the console\n"), "{}", one.text);
        assert_eq!(message(&rule(), &shown[..1], 1, at(30)).subject, "Lanyard: k0 is wrong");
        assert_eq!(message(&rule(), &[], 0, at(30)).subject, "Lanyard: all of it is over");
    }
}
