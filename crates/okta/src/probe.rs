//! Is this credential good enough? Each thing Lanyard needs, tried once, with the fix (traps 17, 19, 20).

use jiff::SignedDuration;
use lanyard_engine::ports::{Check, FeedCursor};
use lanyard_model::signal::Lane;

use crate::client::{Call, OktaClient, Route};
use crate::log::LogProblem;
use crate::paging::next_link;
use crate::problem::Problem;

const PROBE_USERS: Route = Route { endpoint: "GET /users", bucket: "users" };

const ROLE: &str = "give the credential an admin role whose resource set covers all users and groups";

impl OktaClient {
    /// Tries address, sign-in, each scope in use and the admin role. Reads only; about seven calls.
    pub async fn check(&self) -> Vec<Check> {
        let mut checks = Vec::new();
        checks.push(match self.organization().await {
            Ok(org) => {
                good("okta.organization", format!("org {} at {} ({})", org.id, self.org(), org.pipeline))
            }
            Err(problem) if problem.is_passing() => {
                // Each of the other checks would wait as long for the same answer.
                checks.push(bad("okta.organization", &problem));
                checks.push(flawed("okta.rest", "the other checks were not made: Okta does not answer"));
                return checks;
            }
            // What it would add are the org's other addresses; an address that is no Okta fails further down.
            Err(problem @ Problem::NotFound { .. }) => Check {
                warning: true,
                detail: format!("{problem}; links and deliveries that name a custom domain are not followed"),
                ..bad("okta.organization", &problem)
            },
            Err(problem) => bad("okta.organization", &problem),
        });
        self.check_access(checks).await
    }

    /// What the credential may do, added to `checks`.
    async fn check_access(&self, mut checks: Vec<Check>) -> Vec<Check> {
        let core = &*self.core;
        match core.signer().pass(core).await {
            Ok(_) => checks.push(self.signed_in()),
            Err(problem) => {
                checks.push(bad("okta.credential", &problem));
                return checks;
            }
        }
        for scope in core.signer().scopes_missing() {
            checks.push(Check {
                name: format!("okta.scope.{scope}"),
                ok: false,
                // The log feed alone works, only slower; and without schemas names in policies go unchecked.
                warning: scope.starts_with("okta.eventHooks.") || scope.starts_with("okta.schemas."),
                detail: "asked for, but not in the token".to_owned(),
                fix: Some(format!("grant {scope} to the service app")),
            });
        }
        let url = core.address(&["api", "v1", "users"], &[("search", "status pr"), ("limit", "200")]);
        let mut listed = None;
        checks.push(match core.call(&Call::read(PROBE_USERS, url, Lane::Normal, "users")).await {
            Err(problem) => bad("okta.users", &problem),
            Ok(answer) => match answer.rows("users") {
                Err(problem) => bad("okta.users", &problem),
                Ok(rows) if rows.is_empty() => Check {
                    fix: Some(ROLE.to_owned()),
                    ..flawed("okta.users", "the list of users is empty although Okta answered 200")
                },
                Ok(rows) => {
                    // Only a list that ends on its first page can be compared with a count.
                    listed = next_link(&answer.headers).is_none().then_some(rows.len() as u64);
                    good("okta.users", "users can be listed".to_owned())
                }
            },
        });
        checks.push(match self.everyone(true).await {
            Ok(Some(Some(count))) if listed.is_some_and(|listed| listed * 10 < count * 9) => Check {
                fix: Some(ROLE.to_owned()),
                ..flawed(
                    "okta.groups.everyone",
                    &format!(
                        "the group Everyone has {count} users, but only {} are listed: the admin role does not cover all",
                        listed.unwrap_or_default()
                    ),
                )
            },
            Ok(Some(_)) => good("okta.groups.everyone", "the group Everyone is visible".to_owned()),
            Ok(None) => Check {
                fix: Some(ROLE.to_owned()),
                ..flawed(
                    "okta.groups.everyone",
                    "the group Everyone is not visible: the admin role is narrow, so lists are cut without an error; \
                     nothing will be taken from anybody on the strength of them",
                )
            },
            Err(problem) => bad("okta.groups.everyone", &problem),
        });
        let since = core
            .clock()
            .now()
            .checked_sub(SignedDuration::from_mins(10))
            .unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        checks.push(match self.log_page(&FeedCursor::Since(since)).await {
            Ok(_) => good("okta.logs", "the system log can be read".to_owned()),
            Err(LogProblem::Failed(problem)) => bad("okta.logs", &problem),
            Err(dead @ LogProblem::CursorDead(_)) => flawed("okta.logs", &dead.to_string()),
        });
        checks.push(match self.hooks().await {
            Ok(hooks) => good("okta.hooks", format!("{} event hooks are visible", hooks.len())),
            Err(problem) => Check {
                warning: true,
                detail: format!("{problem}; the log feed alone works, only slower"),
                ..bad("okta.hooks", &problem)
            },
        });
        checks.push(match self.attributes().await {
            Ok(list) => good("okta.schema", format!("{} attributes are known", list.len())),
            Err(problem) => Check {
                warning: true,
                detail: format!("{problem}; attribute names in policies cannot be checked"),
                ..bad("okta.schema", &problem)
            },
        });
        checks
    }

    fn signed_in(&self) -> Check {
        let signer = self.core.signer();
        match signer.scopes_asked() {
            Some(_) if signer.is_bound() => good("okta.credential", "service app, tokens bound by DPoP".to_owned()),
            Some(_) => good("okta.credential", "service app, bearer tokens".to_owned()),
            None => Check {
                name: "okta.credential".to_owned(),
                ok: true,
                warning: true,
                detail: "an API token is in use: it dies silently when the admin who made it leaves, or after 30 days \
                         without a call"
                    .to_owned(),
                fix: Some("use a service app with a key instead".to_owned()),
            },
        }
    }
}

fn good(name: &str, detail: String) -> Check {
    Check { name: name.to_owned(), ok: true, warning: false, detail, fix: None }
}

fn flawed(name: &str, detail: &str) -> Check {
    Check { name: name.to_owned(), ok: false, warning: false, detail: detail.to_owned(), fix: None }
}

fn bad(name: &str, problem: &Problem) -> Check {
    Check { fix: Some(problem.hint()), ..flawed(name, &problem.to_string()) }
}
