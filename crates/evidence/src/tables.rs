//! The tables of a pack, column by column. Names are a contract: auditors' spreadsheets and scripts read them.

use crate::cell::{Column, Kind, Table};

const fn text(name: &'static str, doc: &'static str) -> Column {
    Column { name, kind: Kind::Text, doc }
}
const fn int(name: &'static str, doc: &'static str) -> Column {
    Column { name, kind: Kind::Int, doc }
}
const fn yes(name: &'static str, doc: &'static str) -> Column {
    Column { name, kind: Kind::Bool, doc }
}
const fn at(name: &'static str, doc: &'static str) -> Column {
    Column { name, kind: Kind::Time, doc }
}

const PERSON: Column = text("person", "tenant/Okta user id");
const NAME: Column = text("name", "Display name in Okta as last read; empty: erased or never read");
const SITE: Column = text("site", "iOffice instance");
const ACCOUNT: Column = int("account", "iOffice user number in the site");
const PLAN: Column = text("plan", "Sealed plan that did it");

pub const POPULATION: Table = Table {
    name: "population",
    title: "Everybody who had a live, linked account at any time in the period",
    columns: &[
        PERSON,
        NAME,
        SITE,
        ACCOUNT,
        yes("live_at_start", "Live when the period began"),
        yes("live_at_end", "Live when the period ended"),
        int("joined", "Times the account became live for the first time, or was linked for the first time"),
        int("returned", "Times it became live again"),
        int("left", "Times it stopped being live, or the person's"),
        int("converted", "Times the person's kind of employment changed in Okta"),
    ],
};

pub const CONVERSIONS: Table = Table {
    name: "conversions",
    title: "Conversions: people whose kind of employment changed in Okta",
    columns: &[
        PERSON,
        NAME,
        text("attribute", "Okta's attribute"),
        text("before", "What it said; empty: nothing"),
        text("after", "What it says since"),
        at("seen_at", "The read that first showed it"),
        text("plan", "The first plan that was made for the person within a day of it"),
    ],
};

pub const INTAKE: Table = Table {
    name: "intake",
    title: "Intake of Okta's log: the chain of its pages, and when nobody read it",
    columns: &[
        text(
            "kind",
            "chain: pages that each begin where the one before ended; gap: nobody read, and it went on where it had ended; \
             break: it did not go on where it had ended; begin: the first page of the log that was ever read",
        ),
        at("from_at", "First page, or the last good read before"),
        at("to_at", "Last page, or the first good read after"),
        int("seconds", "Between the two"),
        int("pages", "Pages read"),
        int("events", "Events in them that concern people"),
        text("from_place", "Fingerprint of the place in the log at which it begins"),
        text("to_place", "And at which it ends"),
        text("cause", "Of a break"),
        int("position", "Line of the journal that says so; of a chain its last"),
    ],
};

pub const JOINERS: Table = Table {
    name: "joiners",
    title: "Joiners: access authorised before it was given?",
    columns: &[
        PERSON,
        NAME,
        SITE,
        ACCOUNT,
        text("how", "created: by us; adopted: the account was there and was linked by a key"),
        at("event_at", "Okta's own moment: activation, or creation"),
        text("authorised_by", "Rule and grounds"),
        text("approved_by", "Who agreed, and in which capacity; empty: the rule asks nobody"),
        at("approved_at", "When they did"),
        at("decided_at", "Plan sealed"),
        at(
            "granted_at",
            "First accepted operation; for adopted accounts the read that first showed it as theirs",
        ),
        at("verified_at", "Read back as wanted"),
        int(
            "seconds_to_access",
            "From the event to the read-back; of those who were due before the first complete comparison, from that comparison",
        ),
        yes("authorised_before", "The plan was sealed before the first operation was sent"),
        PLAN,
    ],
};

pub const MOVERS: Table = Table {
    name: "movers",
    title: "Movers: old access taken away and new access given",
    columns: &[
        PERSON,
        NAME,
        SITE,
        ACCOUNT,
        text("because", "Rule and grounds"),
        text("taken", "What was taken away"),
        text("given", "What was given"),
        at("decided_at", "Plan sealed"),
        at("taken_at", "Last removal accepted; empty: none was"),
        at("given_at", "Last grant accepted; empty: none was"),
        at("verified_at", "Read back; empty: not when the period ended, and no later plan took its place"),
        int("seconds_to_verified", "From the seal to the read-back"),
        text("left_open", "What the read-back still found different"),
        PLAN,
    ],
};

pub const LEAVERS: Table = Table {
    name: "leavers",
    title: "Leavers: the whole population, each stage measured",
    columns: &[
        PERSON,
        NAME,
        SITE,
        ACCOUNT,
        text("how", "deactivated, deleted, expired, left_scope"),
        at("event_at", "When the right to access ended, by Okta or contract"),
        at("seen_at", "First signal that reached us"),
        at("decided_at", "Plan sealed"),
        at("sent_at", "First operation sent"),
        at("answered_at", "Last operation accepted"),
        at("verified_at", "Everything that the API can take back was read back as gone"),
        int("seconds_to_seen", "event to seen"),
        int("seconds_to_decided", "seen to decided"),
        int("seconds_to_sent", "decided to sent"),
        int("seconds_to_answered", "sent to answered"),
        int("seconds_to_verified", "answered to verified"),
        int(
            "seconds_total",
            "event to verified; of those who were never out, event to their return; of open ones, to the end of the period",
        ),
        yes(
            "in_time",
            "Verified within the configured bound; empty: not out when the period ended, and the bound was not over",
        ),
        text("cause", "Of those not in time"),
        yes("weekend", "The right ended on a Saturday or Sunday, UTC"),
        at("returned_at", "The person came back"),
        PLAN,
    ],
};

pub const LEAVES: Table = Table {
    name: "leaves",
    title: "Leaves: what was taken for the time being, and when",
    columns: &[
        PERSON,
        NAME,
        SITE,
        text("because", "Rule and grounds"),
        text("taken", "What was taken away"),
        at("decided_at", "Plan sealed"),
        at("verified_at", "Read back"),
        PLAN,
    ],
};

pub const RETURNS: Table = Table {
    name: "returns",
    title: "Returns: people who were leaving, or had left, and came back",
    columns: &[
        PERSON,
        NAME,
        SITE,
        at("left_at", "When the right had ended"),
        at("verified_gone_at", "When the account had been read back as gone; empty: it never came to that"),
        at("returned_at", "The clock was dropped"),
    ],
};

pub const OVERRIDES: Table = Table {
    name: "overrides",
    title: "Changes in iOffice that no operation of ours explains",
    columns: &[
        PERSON,
        NAME,
        SITE,
        ACCOUNT,
        at("seen_at", "The read that first showed it"),
        text("change", "given or taken"),
        text("kind", "role, item, seat, section, cost_center, account, site_admin, user_type"),
        text("what", "Which one"),
    ],
};

pub const FAILED: Table = Table {
    name: "failed",
    title: "Operations that were not accepted, and what became of them",
    columns: &[
        at("at", "Outcome"),
        PERSON,
        SITE,
        text("operation", "Kind of call"),
        text("outcome", "refused, throttled, not done, unknown, impossible, denied, open"),
        text("reason", "The target's words"),
        yes("done_later", "The same operation was accepted for the same person later in the period"),
        PLAN,
    ],
};

pub const BREACHES: Table = Table {
    name: "breaches",
    title: "Every breach of the bound on leavers, with cause and time at risk",
    columns: &[
        PERSON,
        NAME,
        SITE,
        at("event_at", "When the right ended"),
        at("verified_at", "Empty: not out when the period ended, or when the person came back"),
        int("seconds_total", "Time to verified, to the return, or to the end of the period"),
        int("seconds_bound", "Configured bound"),
        int("seconds_at_risk", "Beyond the bound"),
        text(
            "cause",
            "before_first_comparison, okta_late, engine, hold_or_gate, ioffice, read_back; open: not out when the period ended; \
             never_out: came back without having been out",
        ),
        yes("weekend", "The right ended on a Saturday or Sunday, UTC"),
        text("owner", "Who answers for it; empty: nobody did yet"),
        text("compensation", "What was done instead, or found out afterwards, in the owner's words"),
        at("answered_at", "When that was put on record; it may have been after the period"),
        text("answered_by", "By whom"),
        int("position", "Line of the journal that says so"),
    ],
};

pub const TIMELINESS: Table = Table {
    name: "timeliness",
    title: "Seconds per stage, and the bounds beside them",
    columns: &[
        text("population", "leavers, joiners, movers"),
        text("stage", "From which moment to which"),
        int("count", "Measured: whoever came to the later moment"),
        int("p50", "Seconds"),
        int("p95", "Seconds"),
        int("p99", "Seconds"),
        int("max", "Seconds"),
    ],
};

pub const BOUNDS: Table = Table {
    name: "bounds",
    title: "Published bounds, and how many of the period were within each",
    columns: &[
        text("control", "Where the bound comes from"),
        text("requirement", "In words"),
        text("measured", "What is counted"),
        int("seconds_bound", "Seconds"),
        int("within", "Within it"),
        int("beyond", "Beyond it, or open for longer; what is open and may still be within counts nowhere"),
    ],
};

pub const HISTOGRAM: Table = Table {
    name: "histogram",
    title: "Leavers by seconds to verified",
    columns: &[
        text("population", "leavers"),
        int("up_to_seconds", "Upper end of the bar; empty: no end"),
        int("count", "People in the bar"),
    ],
};

pub const APPROVALS: Table = Table {
    name: "approvals",
    title: "Requests, holds and limits: who was asked, who decided, in which capacity and how fast",
    columns: &[
        text("request", "Id"),
        text(
            "kind",
            "hold: waited by itself; approval; cap: a limit was reached; undone: taken back by a person",
        ),
        PERSON,
        NAME,
        SITE,
        text("what", "Lines it is about"),
        text("rule", "The rule that asks"),
        at("asked_at", "When"),
        at("until", "End of a hold; from when an approval is none"),
        text("state", "waiting, granted, declined, expired, cancelled"),
        text("voted_by", "Who decided; a row for each vote"),
        text("instead_of", "In whose place, if somebody delegated"),
        text("capacity", "What gave them a say at that time"),
        text("vote", "yes, no; empty: nobody voted"),
        text("reason", "In their words"),
        at("voted_at", "When"),
        int("seconds_taken", "From the request to the vote"),
        yes("segregated", "Who decided is not whom it is about"),
        at("ended_at", "Decided or ended"),
        text("ended_because", "How and why"),
        PLAN,
    ],
};

pub const GATES: Table = Table {
    name: "gates",
    title: "Holds, approvals and their decisions, line by line as journaled",
    columns: &[
        at("at", "When"),
        PERSON,
        NAME,
        SITE,
        text("kind", "Kind of journal line"),
        text("title", "What happened"),
        text("detail", "Who, and why"),
        text("data", "Facts of the line as JSON"),
        int("position", "Line of the journal"),
    ],
};

pub const ACCESS: Table = Table {
    name: "access",
    title: "Who held what, per site, as of the end of the period",
    columns: &[
        SITE,
        PERSON,
        NAME,
        ACCOUNT,
        text("account_name", "iOffice user name as last read"),
        text("kind", "account, role, item, cost_center, seat, section, user_type, site_admin"),
        text("what", "Center, item, room, …"),
        text("value", "Role, or live/inactive"),
        at("since", "The read that first showed it"),
        text(
            "because",
            "Rule that gave just this, by a plan whose operation was accepted shortly before the read; by hand: no plan of ours; \
             before Lanyard: it was there when the first complete comparison of the tenant's people in the site ended",
        ),
        PLAN,
    ],
};

pub const ACCESS_CHANGES: Table = Table {
    name: "access_changes",
    title: "Access given and taken in the period: what differs from the list at its beginning",
    columns: &[
        SITE,
        PERSON,
        NAME,
        ACCOUNT,
        text("kind", "account, role, item, cost_center, seat, section, user_type, site_admin"),
        text("what", "Center, item, room, …"),
        text("value", "Role, or live/inactive"),
        text("change", "given or taken"),
        at("at", "The read that first showed it"),
        text("because", "As in the access list; of what was taken: ours, or by hand"),
    ],
};

pub const PRIVILEGED: Table = Table {
    name: "privileged",
    title: "Privileged rights: site administrators, roles above customer, and who administers Lanyard itself",
    columns: &[
        text("system", "iOffice or Lanyard"),
        SITE,
        PERSON,
        NAME,
        text("account_name", "iOffice user name; in Lanyard the Okta group, or the token's name"),
        text("what", "Site administrator, center, or Lanyard"),
        text("value", "Role"),
        at("since", "The read that first showed it; of a token when it was made"),
        text("because", "As in the access list; of a token who made it"),
        at("until", "Of a token its end"),
        at("last_used_at", "Of a token its last use; iOffice and Okta groups tell none"),
    ],
};

pub const CONTROLS: Table = Table {
    name: "controls",
    title: "The controls, what is asked, and what the rows answer",
    columns: &[
        text("soc2", "SOC 2 trust services criterion"),
        text("iso27001", "ISO/IEC 27001:2022 Annex A"),
        text("nist", "NIST SP 800-53 Rev 5"),
        text("question", "What an auditor asks"),
        text("tested", "What was done to answer it"),
        text("answer", "Counted from this pack's own rows"),
        text("state", "satisfied, not satisfied, documented, no data, elsewhere"),
        text("files", "Where it is shown"),
    ],
};

pub const CONFIGURATION: Table = Table {
    name: "configuration",
    title: "Configuration of the control itself, as in force at the end of the period",
    columns: &[
        text("part", "policy, settings, program"),
        text("setting", "Path of its name"),
        text("value", "As it is written; secrets are never shown"),
    ],
};

pub const EXCEPTIONS: Table = Table {
    name: "exceptions",
    title: "Orphans, disputes, protected accounts, limits reached and everything else a person had to see",
    columns: &[
        text("key", "Stable name"),
        text("kind", "orphan, disputed, aside, site_admin, cap, leaver_late, …"),
        text("severity", "info, warning, error"),
        SITE,
        PERSON,
        text("title", "What"),
        text("detail", "In words"),
        text("fix", "What a person can do"),
        at("since", "First seen"),
        at("over_at", "No longer so; empty: open"),
        text(
            "closed_by",
            "Who put it away; empty and over: a later read or look showed that it is no longer so",
        ),
        text("closed_because", "In their words"),
        text("owner", "Who answers for its staying as it is; whoever put it away, if nobody else was named"),
        at("until", "Up to when it stays away if it is still so; empty: none stated"),
        int("position", "Line of the journal that says who put it away"),
    ],
};

/// What stands in a column of text where nobody said anything.
pub const NONE_STATED: &str = "none stated";
/// State of an exception whose stated end has passed.
pub const PAST_END: &str = "past its end";

pub const OPEN_EXCEPTIONS: Table = Table {
    name: "open_exceptions",
    title: "Exceptions that stood when the period ended: who answers for each, why, since when and until when",
    columns: &[
        text(
            "kind",
            "protected: nothing is taken from the person; put_away: a finding that somebody put away and that is still so; \
             withheld: a review took a right that a rule gives; undone: somebody took a change back; hold, approval, cap: a request \
             that is open, or granted and not used up; delegation: somebody votes in another's place; stop: nothing is written",
        ),
        PERSON,
        NAME,
        SITE,
        text("what", "What it is about"),
        text("owner", "Who answers for it; none stated: nobody is on record"),
        text("reason", "In the words of whoever made it; none stated: nobody said"),
        text("made_by", "Who made it, or by which rule"),
        at("since", "When it was made; of a protection when the version that first says so came into force"),
        at("until", "Its stated end; empty: none stated"),
        text("ends", "What ends it"),
        text("state", "in force; waiting: nobody decided yet; past its end"),
        text("source", "Where it is on record: version of the policy, request, review line, journal line"),
    ],
};

pub const RULES: Table = Table {
    name: "rules",
    title: "Which rule gives which right to whom, by the policy in force when the period ended",
    columns: &[
        int("version", "Of the policy"),
        text("rule", "As reasons name it"),
        text(
            "effect",
            "gives; never: beats every grant; instead: where another right could not be had; takes",
        ),
        text("right", "What"),
        text("whom", "Of whom all of this holds"),
        int("priority", "Where there can be one thing only, the higher wins"),
        text("asks", "What must come first; empty: nothing"),
        text("until", "When it ends although its conditions still hold; empty: never"),
        text("sentence", "In the author's words"),
        text("mapping", "The table that completes it"),
        int("row", "And the number of its row"),
    ],
};

pub const CERTIFICATES: Table = Table {
    name: "certificates",
    title: "Proof that lists were read whole: at the first and last comparison of each in the period, and when the pack was made",
    columns: &[
        text(
            "moment",
            "first, last: the first and the last comparison in the period that read the list (the first of all may have been before \
             it); extraction: the last one of each list",
        ),
        text("sweep", "Of which comparison"),
        text("scope", "Tenant or site"),
        text("list", "identities, group_members, accounts, bookings"),
        at("started_at", "Read began"),
        at("ended_at", "Read ended"),
        int("pages", "Pages"),
        int("rows", "Rows"),
        int("count_before", "The target's own count before"),
        int("count_after", "And after"),
        yes("reached_end", "The paging came to its own end"),
        yes("canary_seen", "A row known to exist was in it; empty: none was known"),
        yes("rights_proven", "Our rights to see everybody were proven; empty: not asked"),
        text("schema", "Hash of the fields' definitions as read before the list; empty: not read"),
        text("schema_after", "And after"),
        yes("complete", "Proven complete"),
        text("doubts", "Why not"),
        int("position", "Line of the journal that says so"),
    ],
};

pub const SWEEPS: Table = Table {
    name: "sweeps",
    title: "Full comparisons in the period",
    columns: &[
        text("sweep", "Id"),
        text("scope", "all, one tenant, one site, or one tenant in one site"),
        at("started_at", "Began"),
        at("ended_at", "Ended"),
        int("people", "People read in Okta"),
        int(
            "accounts",
            "Accounts read in iOffice; counted for one tenant of several: those that are linked to its people",
        ),
        int("differences", "People whose plan was not empty"),
        int(
            "findings",
            "Orphans, disputed, set aside; counted for one tenant of several: its people who are disputed or set aside",
        ),
        text("counted", "this tenant; all tenants together: by a version that did not count them apart"),
        yes("complete", "Every list proven complete"),
        text("doubts", "Why not"),
    ],
};

pub const RECONCILIATION: Table = Table {
    name: "reconciliation",
    title: "Okta, engine and iOffice, to zero",
    columns: &[SITE, text("figure", "What is counted"), int("value", "Count"), text("source", "Where from")],
};

pub const SAMPLES: Table = Table {
    name: "samples",
    title: "Samples drawn by the seed, one dossier each",
    columns: &[
        text("population", "joiners, movers, leavers, or named by the auditor"),
        int("number", "Within the population's sample"),
        PERSON,
        NAME,
        text("dossier", "File"),
        int("lines", "Journal lines in the dossier, each with an inclusion proof"),
    ],
};

pub const CONTROL: Table = Table {
    name: "control_changes",
    title: "Changes to the control itself, as journaled",
    columns: &[
        at("at", "When"),
        text("kind", "control, policy, checkpoint, retention, erasure, review, …"),
        text("title", "What"),
        text("detail", "Who, and why"),
        text("data", "Facts of the line as JSON"),
        int("position", "Line of the journal"),
    ],
};

pub const POLICIES: Table = Table {
    name: "policies",
    title: "Policy versions in force in the period, with who published and who agreed",
    columns: &[
        int("version", "Number; empty: it decided something and is not among the published ones"),
        text("name", "Its name"),
        text("seal", "SHA-256 of the policy"),
        at("published_at", "In force since"),
        at("replaced_at", "Until; empty: still in force"),
        text("published_by", "Author"),
        text("approved_by", "The second person, where one is asked for"),
        text("reason", "In the author's words"),
        text("changes", "What it changed"),
        at("first_plan_at", "First plan it made in the period"),
        at("last_plan_at", "Last one"),
        int("plans", "Plans"),
    ],
};

pub const REVIEWS: Table = Table {
    name: "reviews",
    title: "Access reviews of the period, and signed off in the year before its end: every line, its decision, and whether a removal \
            was carried through",
    columns: &[
        text("campaign", "Id"),
        text("title", "Title"),
        text("snapshot", "SHA-256 of the list that was reviewed"),
        at("opened_at", "Opened"),
        at("due_at", "Due"),
        at("closed_at", "Signed off"),
        text("owner", "Who answers for the review, and signs it off"),
        text("statement", "With which words"),
        text("line", "Id"),
        PERSON,
        NAME,
        SITE,
        text("kind", "role, item, seat, …"),
        text("what", "Which one"),
        text("reviewer", "Who decided"),
        text("decision", "keep, remove, ask; empty: none"),
        text("reason", "In the reviewer's words"),
        at("decided_at", "When"),
        at("removed_at", "The read that no longer showed it"),
        yes("separated", "Who decides is neither owner nor provisioner nor the person"),
        text("flags", "overdue, hasty, escalated"),
    ],
};

pub const CHECKPOINTS: Table = Table {
    name: "checkpoints",
    title: "Signed heads of the journal",
    columns: &[
        at("at", "Signed"),
        int("size", "Lines"),
        text("root", "RFC 6962 root, hex"),
        text("note", "The signed note (C2SP)"),
    ],
};

/// All tables, in the order of the report.
pub const ALL: &[Table] = &[
    CONTROLS,
    RECONCILIATION,
    CERTIFICATES,
    SWEEPS,
    INTAKE,
    POPULATION,
    JOINERS,
    MOVERS,
    LEAVERS,
    LEAVES,
    RETURNS,
    CONVERSIONS,
    OVERRIDES,
    FAILED,
    TIMELINESS,
    BOUNDS,
    HISTOGRAM,
    BREACHES,
    APPROVALS,
    GATES,
    ACCESS,
    ACCESS_CHANGES,
    PRIVILEGED,
    REVIEWS,
    EXCEPTIONS,
    OPEN_EXCEPTIONS,
    SAMPLES,
    POLICIES,
    RULES,
    CONFIGURATION,
    CONTROL,
    CHECKPOINTS,
];

/// The table of this name.
pub fn named(name: &str) -> Option<&'static Table> {
    ALL.iter().find(|table| table.name == name)
}

/// What a holding is, in words, by a site's names of places (kind, number, name).
pub fn what(names: &serde_json::Value, kind: &str, key: &str, value: &str) -> String {
    let (kind, id) = match kind {
        "role" => ("center", key),
        "item" => ("item", key),
        "cost_center" => ("item", value),
        "seat" => ("room", value),
        "section" => ("section", value),
        "user_type" => ("user_type", value),
        "site_admin" => return "site administrator".into(),
        "door" => return key.to_owned(),
        _ => return String::new(),
    };
    names[kind][id].as_str().map_or_else(|| format!("{kind} {id}"), str::to_owned)
}
