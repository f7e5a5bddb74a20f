//! Names a plan by its content: two plans with the same steps for the same person in the same site are one plan.

use lanyard_model::{id::PlanId, plan::Plan};
use sha2::{Digest, Sha256};

/// Sets `plan.id` from everything that decides what it does. `made_at` and notes do not count: the same proposal
/// made again a minute later is the same proposal.
pub fn seal(mut plan: Plan) -> Plan {
    let content = serde_json::json!([
        plan.identity,
        plan.site,
        plan.account,
        plan.steps,
        plan.todos,
        plan.notices,
        plan.ending,
        plan.policy,
    ]);
    let digest = Sha256::digest(content.to_string().as_bytes());
    let hex: String = digest[..8].iter().map(|byte| format!("{byte:02x}")).collect();
    plan.id = PlanId::new(format!("pln_{hex}"));
    plan
}
