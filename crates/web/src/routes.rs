//! The API's routes: one table that the router is built from, and the OpenAPI document. What is not in it is not
//! served, and what is in it is documented, guarded and tested.

use std::{sync::Arc, time::Duration};

use axum::{
    Extension, Router,
    handler::Handler,
    http::StatusCode,
    middleware,
    routing::{self, MethodRouter},
};
use tower_http::{catch_panic::CatchPanicLayer, limit::RequestBodyLimitLayer, timeout::TimeoutLayer};

use crate::{
    WebState,
    access::{
        Permit,
        guard::{Needs, guard},
        sign_in,
    },
    answers, api,
    problem::Problem,
};

const BODY_BYTES_MAX: usize = 1 << 20;
const WITHIN: Duration = Duration::from_secs(900);

/// One method of one path under `/api/v1`.
pub(crate) struct Route {
    pub method: &'static str,
    pub path: &'static str,
    /// `None`: public.
    pub needs: Option<Needs>,
    /// One sentence.
    pub says: &'static str,
    pub tag: &'static str,
    /// Query parameters: name, JSON type, meaning.
    pub asks: &'static [(&'static str, &'static str, &'static str)],
    /// Schema of the request's body.
    pub takes: Option<&'static str>,
    /// Schema of the answer's body; `None`: no content.
    pub answers: Option<&'static str>,
    /// Not JSON: an event stream, which no time-out ends.
    pub streams: bool,
    /// Not JSON: bytes of this type.
    pub gives: Option<&'static str>,
    /// It takes as long as it takes: hours, with everybody of a large company.
    patient: bool,
    handler: MethodRouter<Arc<WebState>>,
}

impl Route {
    fn new(method: &'static str, path: &'static str, handler: MethodRouter<Arc<WebState>>) -> Self {
        Self {
            method,
            path,
            needs: Some(Needs { permit: Permit::Own, everywhere: true }),
            says: "",
            tag: "",
            asks: &[],
            takes: None,
            answers: None,
            streams: false,
            gives: None,
            patient: false,
            handler,
        }
    }

    /// What the caller must be permitted; where the path names a tenant, there. Without this call: an owner.
    fn needs(mut self, permit: Permit) -> Self {
        self.needs = Some(Needs { permit, everywhere: false });
        self
    }

    /// The permit must hold for all tenants and sites.
    fn everywhere(mut self) -> Self {
        if let Some(needs) = &mut self.needs {
            needs.everywhere = true;
        }
        self
    }

    fn public(mut self) -> Self {
        self.needs = None;
        self
    }

    fn says(mut self, tag: &'static str, sentence: &'static str) -> Self {
        (self.tag, self.says) = (tag, sentence);
        self
    }

    fn asks(mut self, query: &'static [(&'static str, &'static str, &'static str)]) -> Self {
        self.asks = query;
        self
    }

    fn takes(mut self, schema: &'static str) -> Self {
        self.takes = Some(schema);
        self
    }

    fn answers(mut self, schema: &'static str) -> Self {
        self.answers = Some(schema);
        self
    }

    fn gives(mut self, content_type: &'static str) -> Self {
        self.gives = Some(content_type);
        self
    }

    fn streams(mut self) -> Self {
        self.streams = true;
        self
    }

    fn patient(mut self) -> Self {
        self.patient = true;
        self
    }
}

fn get<T: 'static>(path: &'static str, handler: impl Handler<T, Arc<WebState>>) -> Route {
    Route::new("get", path, routing::get(handler))
}

fn post<T: 'static>(path: &'static str, handler: impl Handler<T, Arc<WebState>>) -> Route {
    Route::new("post", path, routing::post(handler))
}

fn put<T: 'static>(path: &'static str, handler: impl Handler<T, Arc<WebState>>) -> Route {
    Route::new("put", path, routing::put(handler))
}

fn delete<T: 'static>(path: &'static str, handler: impl Handler<T, Arc<WebState>>) -> Route {
    Route::new("delete", path, routing::delete(handler))
}

const PAGE: [(&str, &str, &str); 2] =
    [("cursor", "string", "`next` of the page before"), ("limit", "integer", "rows of a page")];
const TENANT: (&str, &str, &str) =
    ("tenant", "string", "only this tenant; `all` for all that the caller may see");

/// All routes, in the order of the document.
pub(crate) fn routes() -> Vec<Route> {
    use Permit::{Approve, Audit, EditPolicy, Operate, Own, See, SignedIn};
    vec![
        get("/sign-in", sign_in::ways)
            .public()
            .says("access", "What the sign-in page offers, and whether the caller is signed in.")
            .answers("SignInWays"),
        get("/session", api::access::session)
            .needs(SignedIn)
            .says("access", "Who the caller is, with roles and what they permit.")
            .answers("Session"),
        post("/session/end", sign_in::sign_out).needs(SignedIn).says("access", "Ends the caller's session."),
        get("/tokens", api::access::tokens)
            .says("access", "API tokens, oldest first, without their secrets.")
            .asks(&PAGE)
            .answers("Tokens"),
        post("/tokens", api::access::make_token)
            .says("access", "Makes an API token; its text is in this answer only.")
            .takes("NewToken")
            .answers("MadeToken"),
        delete("/tokens/{id}", api::access::revoke_token).says("access", "Revokes an API token."),
        post("/owner-links", api::access::owner_link)
            .says("access", "Makes a one-time owner link.")
            .answers("OwnerLink"),
        get("/roles", api::access::roles)
            .needs(Own)
            .says("access", "Which groups of the identity provider give which roles.")
            .answers("RoleRules"),
        get("/overview", api::overview::show)
            .needs(See)
            .says("work", "What needs a person first, then numbers, tenants and sites; of all tenants, or of one.")
            .asks(&[TENANT])
            .answers("Overview"),
        get("/activity", api::activity::list)
            .needs(See)
            .says("work", "What happened, newest first.")
            .asks(&[
                PAGE[0],
                PAGE[1],
                TENANT,
                ("identity", "string", "only this person, as TENANT/ID"),
                ("kinds", "string", "only these kinds, separated by commas"),
                ("people", "boolean", "only what people and programs did to Lanyard itself"),
                ("search", "string", "only lines with this text in title, detail or name"),
                ("problems", "boolean", "only warnings and errors"),
                ("all", "boolean", "signals and looks without a change, too"),
                ("sort", "string", "`newest` first, or `oldest`; `newest` by default"),
            ])
            .answers("ActivityPage"),
        get("/activity/{tenant}/{seq}", api::trail::show)
            .needs(See)
            .says(
                "work",
                "One line of the activity: what led to it and what followed, what it changed, what comes next.",
            )
            .answers("ActivityTrail"),
        get("/people", api::people::list)
            .needs(See)
            .says("people", "People by name, found by the beginnings of words.")
            .asks(&[
                PAGE[0],
                PAGE[1],
                TENANT,
                ("search", "string", "beginnings of words of name, e-mail or login"),
                ("sort", "string", "`name`, or `-name` from the end; `name` by default"),
            ])
            .answers("PeoplePage"),
        get("/people/{tenant}/{id}", api::people::show)
            .needs(See)
            .says(
                "people",
                "One person now: account, what is wanted and why, what is not given and why not, timeline.",
            )
            .answers("PersonDetail"),
        get("/people/{tenant}/{id}/explain", api::people::explain)
            .needs(See)
            .says(
                "people",
                "Why the person gets what they get, why not the rest, and what would turn it round; now or then.",
            )
            .asks(&[
                (
                    "thing",
                    "string",
                    "`seat`, `role`, `role:CENTER`, `item:NAME`, `cost center`, `booking`, `visit`, or a rule's id",
                ),
                ("as_of", "string", "an instant; now by default"),
            ])
            .answers("Explained"),
        get("/people/{tenant}/{id}/plan", api::people::plan)
            .needs(See)
            .says("people", "What would be done for the person now: reads both sides afresh, writes nothing.")
            .answers("DryRun"),
        post("/people/{tenant}/{id}/look", api::people::look)
            .needs(Operate)
            .says("people", "Asks for a look at the person.")
            .answers("Asked"),
        get("/plans", api::plans::list)
            .needs(See)
            .says("work", "Plans, newest first.")
            .asks(&[
                PAGE[0],
                PAGE[1],
                TENANT,
                ("search", "string", "beginning of a word of the person's name"),
                (
                    "effect",
                    "string",
                    "only plans that `add`, `change`, `move`, `remove`, or have something `held`",
                ),
                ("sort", "string", "`newest` first, or `oldest`; `newest` by default"),
            ])
            .answers("PlanPage"),
        get("/plans/reach", api::plans::reach)
            .needs(See)
            .says(
                "work",
                "How far the plans of the last day reach: people by site, and the limit on removals.",
            )
            .answers("PlanReach"),
        get("/plans/{id}", api::plans::show)
            .needs(See)
            .says("work", "One plan with its lines, reasons, operations and outcomes.")
            .answers("PlanDetail"),
        get("/approvals", api::approvals::list)
            .needs(SignedIn)
            .says(
                "approvals",
                "What waits for somebody, oldest first: of what the caller sees, or has a say in.",
            )
            .asks(&[
                PAGE[0],
                PAGE[1],
                TENANT,
                ("kind", "string", "only `hold`, `approval`, `cap` or `undone`"),
                ("search", "string", "only requests with this text in person, rule or line"),
                ("sort", "string", "`asked` or `due`: by when it ends; `asked` by default"),
                ("done", "boolean", "what was decided or ended, newest first, instead of what waits"),
            ])
            .answers("Approvals"),
        post("/approvals", api::approvals::say)
            .needs(SignedIn)
            .says("approvals", "One decision on several requests, or on none of them: acts as the caller.")
            .takes("ApprovalSay")
            .answers("DecidedApprovals"),
        get("/approvals/{id}", api::approvals::show)
            .needs(SignedIn)
            .says("approvals", "One request with its lines and votes.")
            .answers("ApprovalRequest"),
        get("/approvals/{id}/context", api::approvals::context)
            .needs(SignedIn)
            .says("approvals", "What helps to decide a request: who else has the same, whether the seat is free.")
            .answers("RequestContext"),
        get("/delegations", api::approvals::delegations)
            .needs(SignedIn)
            .says(
                "approvals",
                "Who may vote in whose place, and from when until when: of the caller, or for whoever sees everything, all.",
            )
            .answers("Delegations"),
        post("/delegations", api::approvals::delegate)
            .needs(SignedIn)
            .says("approvals", "Lets somebody else vote in one's place for a time; an owner also in another's.")
            .takes("NewDelegation")
            .answers("Delegation"),
        delete("/delegations/{id}", api::approvals::withdraw)
            .needs(SignedIn)
            .says("approvals", "Takes a delegation back before its time."),
        post("/whatif", api::change::whatif)
            .needs(EditPolicy)
            .everywhere()
            .says("policy", "What a draft would do to everybody, from the mirrors; answers a seal.")
            .takes("WhatIfAsk")
            .answers("WhatIf"),
        get("/whatif", api::seals::list)
            .needs(See)
            .everywhere()
            .says("policy", "Sealed what-ifs, the newest first, and how each stands.")
            .asks(&PAGE)
            .answers("Seals"),
        get("/whatif/{seal}/plan", api::seals::show)
            .needs(See)
            .everywhere()
            .says("policy", "A sealed what-if: its reach, its progress, and what became of it.")
            .answers("SealedPlan"),
        get("/whatif/{seal}/people", api::seals::people)
            .needs(See)
            .everywhere()
            .says("policy", "The people of a sealed what-if, with each change and its reasons.")
            .asks(&[
                PAGE[0],
                PAGE[1],
                ("kind", "string", "only whoever `gains`, `loses`, `moves`, `changes` or `waits`"),
                ("search", "string", "only people with this text in name or change"),
            ])
            .answers("SealedPeople"),
        post("/whatif/{seal}/apply", api::change::apply)
            .needs(EditPolicy)
            .everywhere()
            .says("policy", "Puts a sealed draft in force: for the people it names, only the lines it names.")
            .takes("SealApply")
            .answers("Applying"),
        get("/whatif/{seal}", api::change::progress)
            .needs(See)
            .everywhere()
            .says("policy", "How far a sealed draft is applied: counts of those whom the seal names.")
            .answers("SealProgress"),
        post("/whatif/{seal}/finish", api::change::finish)
            .needs(EditPolicy)
            .everywhere()
            .says(
                "policy",
                "What became of each sealed line; refused while somebody is still to be looked at.",
            )
            .answers("SealReport"),
        post("/undo", api::change::undo)
            .says("control", "Shows what taking back means today, or takes back.")
            .takes("UndoAsk")
            .answers("Undone"),
        get("/findings", api::overview::findings)
            .needs(See)
            .says("work", "What a person must know or do, worst first.")
            .asks(&[
                PAGE[0],
                PAGE[1],
                TENANT,
                ("kind", "string", "only this kind"),
                ("search", "string", "only findings with this text"),
                ("sort", "string", "`severity` (worst first), `newest`, `oldest` or `title`"),
            ])
            .answers("FindingPage"),
        post("/findings/close", api::control::put_away)
            .needs(Operate)
            .says("work", "Puts a finding away that no later read can end; the journal keeps who and why.")
            .takes("PutAway")
            .answers("Closed"),
        get("/messages", api::overview::messages)
            .needs(See)
            .everywhere()
            .says(
                "work",
                "Messages to people outside the console, newest first: delivered, waiting, given up.",
            )
            .asks(&PAGE)
            .answers("Messages"),
        post("/messages/again", api::control::send_given_up)
            .needs(Operate)
            .everywhere()
            .says("control", "Tries every message again that was given up.")
            .answers("SentAgain"),
        get("/drift", api::drift::show)
            .needs(See)
            .says(
                "work",
                "Where the same kind of person gets different things in different sites, and what is in force where.",
            )
            .answers("Drift"),
        post("/rollout/resume", api::drift::resume)
            .needs(EditPolicy)
            .everywhere()
            .says("policy", "Lets a halted roll-out go on.")
            .answers("RollOutState"),
        post("/rollout/end", api::drift::end)
            .needs(EditPolicy)
            .everywhere()
            .says("policy", "Ends a roll-out where it stands: the rest waits for somebody.")
            .answers("SealReport"),
        post("/alerts/preview", api::drift::preview)
            .needs(Operate)
            .everywhere()
            .says("work", "What alert rules would say now, or one of them with another template.")
            .takes("AlertPreviewAsk")
            .answers("AlertPreview"),
        get("/sweeps", api::overview::sweeps)
            .needs(See)
            .says("work", "Complete comparisons, newest first.")
            .asks(&PAGE)
            .answers("Sweeps"),
        get("/places", api::places::list)
            .needs(See)
            .says(
                "places",
                "Sites, buildings and floors with capacity, seats held, and seats held by nobody we know.",
            )
            .answers("Places"),
        get("/places/{site}/floors/{floor}", api::places::floor)
            .needs(See)
            .says("places", "One floor: its spaces, and who sits where.")
            .answers("Floor"),
        get("/journal", api::activity::journal)
            .needs(Audit)
            .says("audit", "The journal's tree heads, and whether the journal fits them.")
            .answers("Journal"),
        get("/health", api::health::show)
            .needs(See)
            .says("work", "Checks, each with its fix.")
            .answers("Health"),
        post("/stop", api::control::stop)
            .needs(Operate)
            .everywhere()
            .says(
                "control",
                "Presses the stop button: nothing is written upstream. Names what was in flight.",
            )
            .answers("Stopped"),
        post("/resume", api::control::resume)
            .needs(Operate)
            .everywhere()
            .says("control", "Releases the stop button.")
            .answers("Resumed"),
        post("/verbs", api::control::verb)
            .patient()
            .says("control", "Runs a verb of the command line in the server.")
            .takes("Verb")
            .answers("VerbSaid"),
        get("/people/{tenant}/{id}/access", api::past::person)
            .needs(See)
            .says("people", "What the person's accounts held at a moment, in all sites.")
            .asks(&[("as_of", "string", "an instant; now by default")])
            .answers("PersonAccess"),
        get("/sites/{site}/access", api::past::site)
            .needs(Audit)
            .everywhere()
            .says("audit", "What the accounts of a site held at a moment, whole accounts by number.")
            .asks(&[
                ("as_of", "string", "an instant; now by default"),
                ("search", "string", "only accounts of people with this name, login or address"),
                PAGE[0],
                PAGE[1],
            ])
            .answers("SiteAccess"),
        get("/reviews", api::reviews::list)
            .needs(See)
            .says("audit", "Access reviews, newest first.")
            .asks(&[
                PAGE[0],
                PAGE[1],
                TENANT,
                ("search", "string", "only those with this text in title, owner, reviewer or site"),
                ("reviewer", "string", "only those in which this person reviews; `me` for the caller"),
                ("open", "boolean", "only those that are not signed off"),
            ])
            .answers("Reviews"),
        post("/reviews", api::reviews::open)
            .needs(Approve)
            .says("audit", "Opens a review over what is held now.")
            .takes("ReviewWish")
            .answers("OpenedReview"),
        get("/reviews/{id}", api::reviews::show)
            .needs(See)
            .says("audit", "A review with counts and a page of its lines.")
            .asks(&[
                PAGE[0],
                PAGE[1],
                ("reviewer", "string", "only this reviewer's lines"),
                ("open", "boolean", "only lines without a decision"),
                ("search", "string", "only lines of this person, or with this text in what is held"),
            ])
            .answers("ReviewPage"),
        post("/reviews/{id}/sign", api::reviews::sign)
            .needs(Approve)
            .says("audit", "Signs a review off, by its owner, with a statement.")
            .takes("ReviewStatement")
            .answers("OpenedReview"),
        post("/reviews/lines/{line}/decision", api::reviews::decide)
            .needs(Approve)
            .says("audit", "Keeps, removes or asks about one line, with a reason, by its reviewer.")
            .takes("ReviewDecision")
            .answers("DecidedLine"),
        get("/evidence", api::evidence::show)
            .needs(Audit)
            .everywhere()
            .says(
                "audit",
                "Keys and newest checkpoints of each tenant's journal, and evidence packs, newest first.",
            )
            .answers("Evidence"),
        post("/evidence/packs", api::evidence::begin)
            .needs(Audit)
            .everywhere()
            .says("audit", "Begins an evidence pack; answers at once, with its id.")
            .takes("PackWish")
            .answers("Pack"),
        get("/evidence/packs/{id}", api::evidence::pack)
            .needs(Audit)
            .everywhere()
            .says("audit", "A pack with its progress, its figures, or why it failed.")
            .answers("Pack"),
        get("/evidence/packs/{id}/file", api::evidence::file)
            .needs(Audit)
            .everywhere()
            .gives("application/zip")
            .says("audit", "The pack itself. The journal keeps who took it."),
        post("/evidence/packs/{id}/verify", api::evidence::verify)
            .needs(Audit)
            .everywhere()
            .says("audit", "Reads the pack's file again and checks every byte, as `lanyard verify` does.")
            .answers("PackCheck"),
        post("/evidence/late", api::evidence::answer_for_late)
            .needs(Operate)
            .everywhere()
            .says("audit", "Puts on record who answers for a late leaver, and what compensates for it; packs show it.")
            .takes("LateAnswer")
            .answers("LateAnswered"),
        post("/evidence/checkpoints", api::evidence::checkpoint)
            .needs(Audit)
            .everywhere()
            .says("audit", "Signs the journals' heads now and lays them outside.")
            .answers("Signed"),
        post("/connections/probe", api::connections::probe)
            .says(
                "connections",
                "Tries the credential of a new org or site: each scope and right with its fix.",
            )
            .takes("NewConnection")
            .answers("Probe"),
        post("/connections/sample", api::connections::sample)
            .says(
                "connections",
                "Reads a new org or site once: five people, and how well each key of the policy fits.",
            )
            .takes("NewConnection")
            .answers("Sample"),
        post("/connections", api::connections::keep)
            .says(
                "connections",
                "Adds a new org or site to the settings, and takes it in at once: a site is observed only.",
            )
            .takes("NewConnection")
            .answers("KeptConnection"),
        get("/sites/{site}/match", api::connections::matched)
            .needs(Audit)
            .everywhere()
            .says(
                "connections",
                "Who is whose in a site, how surely, and what the first writes would do: reads both sides.",
            )
            .answers("SiteMatch"),
        post("/sites/{site}/sign-off", api::connections::sign_off)
            .says("connections", "Lets a site be written to.")
            .takes("SignOff")
            .answers("SignedOff"),
        get("/dead-letters", api::activity::dead)
            .needs(See)
            .says("work", "People whose looks ended in an error that repeating does not mend, with the fix.")
            .asks(&[PAGE[0], PAGE[1], TENANT])
            .answers("DeadLetters"),
        post("/policy/try", api::policy::tried)
            .needs(EditPolicy)
            .everywhere()
            .says("policy", "What a draft decides for one person, flow by flow, from the mirrors.")
            .takes("PolicyTry")
            .answers("Tryout"),
        post("/policy/reach", api::policy::reach)
            .needs(EditPolicy)
            .everywhere()
            .says(
                "policy",
                "How many people each flow of a draft concerns, and how many more or fewer than now.",
            )
            .takes("PolicyEdit")
            .answers("PolicyReach"),
        get("/policy", api::policy::show)
            .needs(See)
            .says("policy", "What is in force, and the drafts.")
            .answers("PolicyState"),
        get("/policy/versions", api::policy::versions)
            .needs(See)
            .says("policy", "Published versions, newest first.")
            .asks(&PAGE)
            .answers("PolicyVersions"),
        get("/policy/versions/{version}", api::policy::version)
            .needs(See)
            .says(
                "policy",
                "One version with its files and document: a number, `published`, or `draft:NAME`.",
            )
            .answers("PolicyContent"),
        get("/policy/drafts/{id}", api::policy::draft)
            .needs(See)
            .says("policy", "A draft with its files, document and mistakes; its state is in `ETag`.")
            .answers("PolicyContent"),
        put("/policy/drafts/{id}", api::policy::keep)
            .needs(EditPolicy)
            .everywhere()
            .says(
                "policy",
                "Keeps a draft, with `If-Match` or `If-None-Match: *`; mistakes are kept and told of. `based_on` says that it was put on top of what is in force.",
            )
            .takes("PolicyDraftEdit")
            .answers("PolicyContent"),
        delete("/policy/drafts/{id}", api::policy::forget)
            .needs(EditPolicy)
            .everywhere()
            .says("policy", "Forgets a draft, with `If-Match`.")
            .answers("Forgotten"),
        post("/policy/drafts/{id}/publish", api::policy::publish)
            .needs(EditPolicy)
            .everywhere()
            .says("policy", "Publishes a draft, with `If-Match`, or asks a second person to. One that stands on an earlier version is refused.")
            .takes("PolicyPublish")
            .answers("PolicyPublication"),
        post("/policy/rollback", api::policy::roll_back)
            .needs(EditPolicy)
            .everywhere()
            .says("policy", "Makes an older version the newest, or asks a second person to agree.")
            .takes("PolicyRollback")
            .answers("PolicyPublication"),
        post("/policy/lint", api::policy::lint)
            .needs(EditPolicy)
            .everywhere()
            .says("policy", "All findings of what is sent; nothing is kept.")
            .takes("PolicyEdit")
            .answers("PolicyLint"),
        post("/policy/format", api::policy::formatted)
            .needs(EditPolicy)
            .everywhere()
            .says("policy", "What is sent, in the one spelling.")
            .takes("PolicyEdit")
            .answers("PolicyContent"),
        get("/policy/diff", api::policy::difference)
            .needs(See)
            .says("policy", "What differs between two versions, in sentences.")
            .asks(&[
                ("from", "string", "a number, `published`, or `draft:NAME`; `published` if not given"),
                ("to", "string", "likewise"),
            ])
            .answers("PolicyDiff"),
        get("/policy/schema", api::policy::schema)
            .needs(See)
            .says("policy", "The JSON Schema of policy.toml: every key, what it means and may say.")
            .answers("PolicySchema"),
        get("/policy/vocabulary", api::policy::vocabulary)
            .needs(EditPolicy)
            .everywhere()
            .says("policy", "What names an editor can offer: groups, attributes, each site's places.")
            .answers("PolicyVocabulary"),
        get("/demo", api::demo::show)
            .needs(See)
            .says("demo", "The demo's clock and story; 404 outside of a demo.")
            .answers("Demo"),
        post("/demo/act", api::demo::act)
            .needs(Operate)
            .everywhere()
            .says("demo", "Makes something happen in the demo.")
            .takes("DemoAct")
            .answers("DemoActed"),
        get("/events", api::events::stream)
            .needs(See)
            .streams()
            .says("work", "Live changes as server-sent events: `activity` (a line) and `overview`."),
        get("/openapi.json", api::access::openapi)
            .needs(SignedIn)
            .says("access", "This document.")
            .answers("OpenApi"),
    ]
}

/// The routes as a router, each behind its guard.
pub(crate) fn router(state: &Arc<WebState>) -> Router<Arc<WebState>> {
    let mut router = Router::new();
    for route in routes() {
        let mut handler = route.handler;
        if !route.streams && !route.patient {
            handler = handler.layer(TimeoutLayer::with_status_code(StatusCode::GATEWAY_TIMEOUT, WITHIN));
        }
        handler = handler.layer(RequestBodyLimitLayer::new(BODY_BYTES_MAX));
        if let Some(needs) = route.needs {
            let guarded = middleware::from_fn_with_state((Arc::clone(state), needs), guard);
            handler = handler.route_layer(guarded);
        }
        if !route.streams && route.gives.is_none() {
            handler = handler.layer(CatchPanicLayer::new()).layer(middleware::from_fn(answers::finish));
        }
        router = router.route(route.path, handler);
    }
    let nothing = || async { Problem::not_found("there is no such path").fix("see /api/v1/openapi.json") };
    router.fallback(nothing).layer(Extension(Arc::<api::events::Fan>::default()))
}
