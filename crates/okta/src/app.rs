//! Who is assigned to an app (contract §8).

use jiff::Timestamp;
use lanyard_engine::ports::{Listing, Progress};
use lanyard_model::coverage::ReadKind;
use lanyard_model::identity::Identity;
use lanyard_model::signal::Lane;
use serde_json::Value;

use crate::client::{Core, OktaClient, Route};
use crate::json;
use crate::listing::Pages;
use crate::problem::Problem;
use crate::user::identity;

const APP_USERS: Route = Route { endpoint: "GET /apps/{id}/users", bucket: "apps" };

/// One assignment.
#[derive(Debug, Clone, PartialEq)]
pub struct AppUser {
    /// The user's id.
    pub user: String,
    /// Id in the app.
    pub external_id: Option<String>,
    /// As sent; new values survive.
    pub status: String,
    /// As sent; `ERROR` means that provisioning failed.
    pub sync_state: Option<String>,
    /// Assigned through a group rather than by hand.
    pub through_group: bool,
    /// The whole user, when Okta expanded it.
    pub identity: Option<Identity>,
}

impl OktaClient {
    /// All assignments of an app, with the whole user in each. The `expand` that Okta's next links used to lose is added
    /// again (trap 37).
    ///
    /// # Errors
    /// Any [`Problem`].
    pub async fn app_users(&self, app: &str, progress: &dyn Progress) -> Result<Listing<AppUser>, Problem> {
        let core = &*self.core;
        let rows = core.limits().app_page_rows.to_string();
        let what = format!("assignments of app {app}");
        let pages = Pages {
            route: APP_USERS,
            first: core
                .address(&["api", "v1", "apps", app, "users"], &[("limit", &rows), ("expand", "user")]),
            limit: Some(core.limits().app_page_rows),
            lane: Lane::Bulk,
            what: &what,
            keep: Some(("expand", "user")),
            ends_when_empty: false,
            links: true,
            progress,
        };
        let walked = core.walk(pages, |row, at| app_user(core, row, at)).await?;
        let walked = walked.without_doubles(|row| row.user.as_str().into());
        let evidence = walked.evidence(ReadKind::Identities);
        Ok(Listing { rows: walked.rows, evidence })
    }
}

fn app_user(core: &Core, value: &Value, at: Timestamp) -> Option<AppUser> {
    Some(AppUser {
        user: json::text(value, "id")?,
        external_id: json::text(value, "externalId"),
        status: json::text(value, "status").unwrap_or_default(),
        sync_state: json::text(value, "syncState"),
        through_group: json::text(value, "scope").is_some_and(|s| s.eq_ignore_ascii_case("GROUP")),
        identity: value.pointer("/_embedded/user").and_then(|user| identity(core, user, at)),
    })
}
