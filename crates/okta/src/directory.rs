//! The engine's port, spoken by this client.

use std::sync::Arc;

use async_trait::async_trait;
use lanyard_engine::ports::{
    CallCount, Check, Delivery, DeliveryProblem, Directory, FeedCursor, FeedError, FeedPage, HookState,
    HookWish, Listing, PortFailure, Progress, Quota, Sink,
};
use lanyard_model::coverage::Evidence;
use lanyard_model::id::{GroupId, TenantId};
use lanyard_model::identity::{Group, Identity, IdentityRead};
use lanyard_model::signal::Lane;

use crate::attention::event;
use crate::client::{OktaClient, lock};
use crate::counters::CallOutcome;
use crate::hook::parse_delivery;
use crate::log::LogProblem;
use crate::problem::Problem;

#[async_trait]
impl Directory for OktaClient {
    fn tenant(&self) -> &TenantId {
        self.tenant_id()
    }

    async fn observe_identity(&self, user: &str, lane: Lane) -> Result<IdentityRead, PortFailure> {
        self.user(user, lane).await.map_err(|p| self.failure(p))
    }

    fn clock_ahead(&self) -> jiff::SignedDuration {
        self.core.clock_ahead()
    }

    async fn find_identities(&self, login_or_email: &str) -> Result<Vec<Arc<str>>, PortFailure> {
        self.users_named(login_or_email).await.map_err(|p| self.failure(p))
    }

    async fn list_identities(
        &self,
        into: &mut dyn Sink<Identity>,
        progress: &dyn Progress,
    ) -> Result<Evidence, PortFailure> {
        self.users(into, progress).await.map_err(|p| self.failure(p))
    }

    async fn list_groups(&self) -> Result<Listing<Group>, PortFailure> {
        self.groups().await.map_err(|p| self.failure(p))
    }

    async fn has_group(&self, group: &GroupId, lane: Lane) -> Result<bool, PortFailure> {
        OktaClient::has_group(self, group, lane).await.map_err(|p| self.failure(p))
    }

    async fn list_members(
        &self,
        group: &GroupId,
        into: &mut dyn Sink<Arc<str>>,
    ) -> Result<Evidence, PortFailure> {
        self.members(group, into).await.map_err(|p| self.failure(p))
    }

    async fn org_id(&self) -> Result<Option<String>, PortFailure> {
        let known = self.organization().await.map_err(|p| self.failure(p))?;
        Ok(Some(known.id).filter(|id| !id.is_empty()))
    }

    async fn list_attributes(&self) -> Result<Vec<(String, String, String)>, PortFailure> {
        let attributes = self.attributes().await.map_err(|p| self.failure(p))?;
        Ok(attributes.into_iter().map(|a| (a.name, a.kind, a.title)).collect())
    }

    async fn poll_feed(&self, cursor: &FeedCursor) -> Result<FeedPage, FeedError> {
        match self.log_page(cursor).await {
            Ok(page) => {
                let events: Vec<_> =
                    page.events.iter().filter_map(|e| event(self.tenant_id(), e, self.ourselves())).collect();
                for user in events.iter().filter(|e| e.deletion).flat_map(|e| &e.users) {
                    self.core.note_deletion(user);
                }
                Ok(FeedPage { events, next: page.next, rows: page.rows })
            }
            Err(LogProblem::CursorDead(reason)) => Err(FeedError::CursorDead { reason }),
            Err(LogProblem::Failed(problem)) => Err(FeedError::Failed(self.failure(problem))),
        }
    }

    fn remember_hooks(&self, ids: &[String]) {
        OktaClient::remember_hooks(self, ids);
    }

    async fn ensure_hook(&self, wish: &HookWish) -> Result<HookState, PortFailure> {
        self.keep_hook(wish).await.map_err(|p| self.failure(p))
    }

    async fn hook_state(&self, wish: &HookWish) -> Result<HookState, PortFailure> {
        self.look_at_hook(wish).await.map_err(|p| self.failure(p))
    }

    fn parse_delivery(&self, body: &[u8]) -> Result<Delivery, DeliveryProblem> {
        let read = parse_delivery(body).map_err(|p| DeliveryProblem(p.to_string()))?;
        let hook = self.sender(read.source_host.as_deref(), read.hook_id.as_deref());
        let events =
            read.events.iter().filter_map(|e| event(self.tenant_id(), e, self.ourselves())).collect();
        let events = if read.preview { Vec::new() } else { events };
        Ok(Delivery { delivery_id: read.event_id, hook, preview: read.preview, events })
    }

    async fn probe(&self) -> Vec<Check> {
        self.check().await
    }

    fn quotas(&self) -> Vec<Quota> {
        self.told_quotas()
    }

    fn calls(&self) -> Vec<CallCount> {
        let mut counts: Vec<CallCount> = Vec::new();
        for row in self.counters().rows() {
            if counts.last().is_none_or(|c| c.endpoint != row.endpoint) {
                counts.push(CallCount {
                    endpoint: row.endpoint.clone(),
                    answered: 0,
                    throttled: 0,
                    faulted: 0,
                    whole: self.counters().whole(&row.endpoint),
                });
            }
            let Some(count) = counts.last_mut() else { continue };
            match row.outcome {
                CallOutcome::Ok | CallOutcome::NotFound => count.answered += row.calls,
                CallOutcome::Throttled => count.throttled += row.calls,
                _ => count.faulted += row.calls,
            }
        }
        counts
    }
}

impl OktaClient {
    /// The hook that a delivery names, if host and id are of this tenant. Until one of our hooks was seen (a person may
    /// have made it, and we may lack the right to look) any hook of the right host will do: the secret was checked.
    fn sender(&self, host: Option<&str>, hook: Option<&str>) -> Result<String, String> {
        let host = host.ok_or("it names no source")?;
        if !self.knows_host(host) {
            return Err(format!("it comes from {host}, which is not of this org"));
        }
        let hook = hook.ok_or("its source names no hook")?;
        let known = &lock(&self.core.memory).hooks;
        if known.is_empty() || known.contains(hook) {
            Ok(hook.to_owned())
        } else {
            Err(format!("hook {hook} is not ours"))
        }
    }

    fn failure(&self, problem: Problem) -> PortFailure {
        let upstream = format!("Okta ({})", self.tenant_id());
        let reason = problem.to_string();
        match &problem {
            Problem::Throttled { retry_at, .. } => PortFailure::Throttled { upstream, until: *retry_at },
            Problem::Unavailable { .. } | Problem::NoAnswer { .. } | Problem::NotSent { .. } => {
                PortFailure::Unavailable { upstream, reason }
            }
            Problem::Unauthorized { .. } | Problem::Forbidden { .. } | Problem::SignIn { .. } => {
                PortFailure::Denied { upstream, reason, fix: problem.hint() }
            }
            Problem::NotFound { .. } | Problem::Refused { .. } | Problem::ForeignHost { .. } => {
                PortFailure::Refused { upstream, reason: format!("{reason}; hint: {}", problem.hint()) }
            }
            Problem::Malformed { .. } | Problem::Endless { .. } => {
                PortFailure::Malformed { upstream, reason }
            }
        }
    }
}
