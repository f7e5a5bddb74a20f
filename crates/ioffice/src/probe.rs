//! Can we work with this site? Credential, rights, counts, and what is known about its capabilities.

use lanyard_engine::ports::{Check, Silent};
use lanyard_model::{account::Role, signal::Lane};
use serde_json::Value;

use crate::{
    apply::{RIGHTS_FIX, credential_fix},
    client::IofficeClient,
    fields::Fields,
    outcome::ReadError,
    session::Call,
    settings::{Credential, Flag},
};

impl IofficeClient {
    /// About ten calls, no writes.
    pub(crate) async fn probe_site(&self) -> Vec<Check> {
        let mut checks = Vec::new();
        let me = match self.me(Lane::Normal).await {
            Ok(me) => me,
            Err(e) => {
                checks.push(self.failed("ioffice.credential", &e));
                return checks;
            }
        };
        let name = me.account.field("userName").unwrap_or("(no user name)").to_owned();
        checks.push(good("ioffice.credential", format!("signed in as {name}, account {}", me.account.id())));
        if let Some(reason) = self.session().token_not_kept().await {
            checks.push(warning(
                "ioffice.refresh_token",
                format!("the site changed the refresh token, and it was not stored: {reason}"),
                "give the client a place to keep refresh tokens, then sign in again",
            ));
        }
        checks.push(match (me.account.site_admin, me.is_at_least(Role::Administrator)) {
            (Some(true), _) => good("ioffice.rights", "site administrator".into()),
            (_, Some(true)) => {
                let roles = me.account.roles.iter().flatten();
                let held: Vec<String> = roles.map(|(c, r)| format!("{} of center {c}", r.as_str())).collect();
                warning(
                    "ioffice.rights",
                    format!("no site administrator; {}", held.join(", ")),
                    "make sure that these are all the centers that policy manages, or make it a site administrator",
                )
            }
            (_, Some(false)) => {
                bad("ioffice.rights", "neither site administrator nor ADMINISTRATOR of any center".into(), RIGHTS_FIX)
            }
            (_, None) => warning(
                "ioffice.rights",
                "the site does not say which rights the service account has".into(),
                RIGHTS_FIX,
            ),
        });
        self.probe_counts(&mut checks).await;
        self.probe_catalogue(&mut checks).await;
        self.probe_list(&mut checks, me.account.id().0).await;
        self.tell_capabilities(&mut checks);
        checks
    }

    async fn probe_counts(&self, checks: &mut Vec<Check>) {
        for (check, endpoint, segments) in [
            ("ioffice.users", "GET /users/count", ["users", "count"]),
            ("ioffice.reservations", "GET /reservations/count", ["reservations", "count"]),
        ] {
            let mut call = Call::get(endpoint, &segments, Lane::Normal);
            if segments[0] == "reservations" {
                call = call.with("showOnlyMyReservations", "false");
            }
            checks.push(match self.session().read(&call).await {
                Ok(value) => match Fields::of(&value).number("count") {
                    Some(0) if segments[0] == "users" => {
                        bad(check, "the site counts no users at all".into(), RIGHTS_FIX)
                    }
                    Some(n) => good(check, format!("{n} {}", segments[0])),
                    None => warning(
                        check,
                        format!("{endpoint} gives no count"),
                        "lists of this site cannot be certified; removals by sweep will wait",
                    ),
                },
                Err(e) => self.failed(check, &e),
            });
        }
    }

    async fn probe_catalogue(&self, checks: &mut Vec<Check>) {
        match self.scan_catalogue(&Silent).await {
            Ok(all) => {
                let of = |module: &str| all.centers.values().filter(|c| &*c.module == module).count();
                checks.push(good(
                    "ioffice.catalogue",
                    format!(
                        "{} buildings, {} floors, {} spaces, {} sections, {} category items, {} user types",
                        all.buildings.len(),
                        all.floors.len(),
                        all.rooms.len(),
                        all.sections.len(),
                        all.items.len(),
                        all.user_types.len()
                    ),
                ));
                for module in ["reservation", "visitor"] {
                    let name = format!("ioffice.centers.{module}");
                    let n = of(module);
                    checks.push(if n == 0 {
                        warning(
                            &name,
                            format!("no {module} center"),
                            "create one in iOffice if policy grants its roles, or give the service account the right to see it",
                        )
                    } else {
                        good(&name, format!("{n} {module} centers"))
                    });
                }
            }
            Err(e) => checks.push(self.failed("ioffice.catalogue", &e)),
        }
        // Rights over reservations need the centers that were just read.
        if let Ok(me) = self.me(Lane::Normal).await {
            checks.push(match me.rights_in_bookings {
                Some(true) => good("ioffice.rights.reservations", "sees everybody's reservations".into()),
                Some(false) => bad(
                    "ioffice.rights.reservations",
                    "may see only its own reservations in some reservation center".into(),
                    "make the service account OPERATOR or more in every reservation center, or a site administrator",
                ),
                None => warning(
                    "ioffice.rights.reservations",
                    "the site does not say whether all reservations are visible".into(),
                    "compare the count of reservations with what an administrator sees",
                ),
            });
        }
    }

    /// The list shows our own account, and shows permissions.
    async fn probe_list(&self, checks: &mut Vec<Check>, own: i64) {
        let call = Call::get("GET /users", &["users"], Lane::Normal)
            .with("selector", "userName,siteAdmin,permissions(center(module),role)")
            .with("orderBy", "id")
            .with("orderByType", "asc")
            .with("limit", "2")
            .with("startAt", "0")
            .listing();
        checks.push(match self.session().read(&call).await {
            Ok(Value::Array(rows)) if rows.len() > 2 => warning(
                "ioffice.paging",
                format!("asked for 2 rows, got {}", rows.len()),
                "the site does not honour page sizes; sweeps still end, but may read rows twice",
            ),
            Ok(Value::Array(rows)) => {
                let shown = rows.iter().any(|row| Fields::of(row).has("permissions"));
                good(
                    "ioffice.paging",
                    format!(
                        "pages work; permissions are {} in lists (account {own} is the row that every list must show)",
                        if shown { "shown" } else { "not shown in the first rows" }
                    ),
                )
            }
            Ok(_) => bad("ioffice.paging", "GET /users is not a list".into(), "check the site's address"),
            Err(e) => self.failed("ioffice.paging", &e),
        });
    }

    fn tell_capabilities(&self, checks: &mut Vec<Check>) {
        let flags = self.session().settings.capabilities;
        let learnt = self.learnt();
        let can = learnt.capabilities(&flags);
        let say = |what: &str, known: Option<bool>| match known {
            Some(true) => format!("{what}: yes"),
            Some(false) => format!("{what}: no"),
            None => format!("{what}: not known before the first use"),
        };
        let ends = can.active_write != Some(false) || can.delete_allowed;
        let active = say("accounts can be deactivated with active:false", can.active_write);
        let delete = if can.delete_allowed { "deletes are allowed" } else { "deletes are not allowed" };
        let detail = format!("{active}; {delete}");
        checks.push(if ends {
            good("ioffice.capability.user_active_write", detail)
        } else {
            bad(
                "ioffice.capability.user_active_write",
                detail,
                "accounts cannot be ended through the API: allow deletes (delete_allowed = true) after trying one, or \
                 deactivate by hand when a to-do says so",
            )
        });
        let section = say("seat sections can be written", can.section_write);
        checks.push(match can.section_write {
            Some(false) => warning(
                "ioffice.capability.neighborhood_write",
                section,
                "policies that seat people in neighborhoods will make to-dos",
            ),
            _ => good("ioffice.capability.neighborhood_write", section),
        });
        let replaced = learnt.permissions_replace(&flags);
        let detail = say("writing permissions takes away what is left out", replaced);
        checks.push(match replaced {
            Some(false) => warning(
                "ioffice.capability.permissions_semantics",
                detail,
                "roles cannot be taken back through the API: to-dos are made, and leavers are ended by deactivation",
            ),
            _ => good("ioffice.capability.permissions_semantics", detail),
        });
        let visits = if can.visit_end { "yes" } else { "no; to-dos are made instead" };
        checks.push(good(
            "ioffice.capability.visitor_ext",
            format!("visits can be ended through the API: {visits}"),
        ));
        if flags.x_auth_token == Flag::Yes {
            checks.push(warning(
                "ioffice.capability.x_auth_token",
                "static tokens are not part of the published API and are not used".into(),
                "sign in with a user name and password, or OAuth",
            ));
        }
    }

    fn failed(&self, name: &str, error: &ReadError) -> Check {
        let fix = match error {
            ReadError::Unauthorized { .. } => credential_fix(&self.session().settings.credential),
            ReadError::Forbidden { .. } => match self.session().settings.credential {
                Credential::HeaderPair { .. } => RIGHTS_FIX,
                Credential::OAuth(_) => "sign in again with an account that has the rights",
            },
            ReadError::NotFound => {
                "check the site's address, and that the module is part of the subscription"
            }
            ReadError::Throttled { .. } => "wait; if it stays so, lower the pace of this site",
            ReadError::Unavailable { .. } => "check the address, the network and the site's status page",
            ReadError::Refused(_) | ReadError::Malformed { .. } => {
                "check that the address is an iOffice site"
            }
            ReadError::Stopped => "resume the site",
        };
        bad(name, error.to_string(), fix)
    }
}

fn good(name: &str, detail: String) -> Check {
    Check { name: name.into(), ok: true, warning: false, detail, fix: None }
}

fn warning(name: &str, detail: String, fix: &str) -> Check {
    Check { name: name.into(), ok: true, warning: true, detail, fix: Some(fix.into()) }
}

fn bad(name: &str, detail: String, fix: &str) -> Check {
    Check { name: name.into(), ok: false, warning: false, detail, fix: Some(fix.into()) }
}
