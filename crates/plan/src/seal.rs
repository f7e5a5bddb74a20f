//! Names a plan by its content: two plans with the same steps for the same person in the same site are one plan.

use lanyard_model::{id::PlanId, plan::Plan};
use sha2::{Digest, Sha256};

/// Sets `plan.id` from everything that decides what it does. `made_at` and notes do not count: the same proposal
/// made again a minute later is the same proposal.
pub fn seal(mut plan: Plan) -> Plan {
    if plan.steps.is_empty() && plan.todos.is_empty() && plan.notices.is_empty() && plan.ending.is_none() {
        // Most plans propose nothing, and are made to be compared and dropped.
        plan.id = quiet_name(&plan);
        return plan;
    }
    let content = (
        &plan.identity,
        &plan.site,
        &plan.account,
        &plan.steps,
        &plan.todos,
        &plan.notices,
        &plan.ending,
        &plan.policy,
    );
    let mut digest = Digesting(Sha256::new());
    if let Err(error) = serde_json::to_writer(&mut digest, &content) {
        // Maps whose keys are no texts would be a mistake in the model, and still must not share one name.
        digest.0.update(format!("{error} {content:?}"));
    }
    let digest = digest.0.finalize();
    plan.id = hex_name(&digest);
    plan
}

/// Names it for what it does now, if it had a name.
pub(crate) fn seal_again(plan: Plan) -> Plan {
    if plan.id.as_str().is_empty() { plan } else { seal(plan) }
}

/// The name of a plan that proposes nothing: whose it would be, and under which policy.
fn quiet_name(plan: &Plan) -> PlanId {
    let mut digest = Sha256::new();
    let account = plan.account.as_ref().map(|key| key.id.0.to_be_bytes());
    let parts = [plan.identity.tenant.as_str(), &plan.identity.user, plan.site.as_str(), &plan.policy];
    for part in parts {
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part);
    }
    digest.update(account.unwrap_or_default());
    hex_name(&digest.finalize())
}

fn hex_name(digest: &[u8]) -> PlanId {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let mut name = String::with_capacity(20);
    name.push_str("pln_");
    for byte in &digest[..8] {
        name.push(HEX[usize::from(byte >> 4)] as char);
        name.push(HEX[usize::from(byte & 15)] as char);
    }
    PlanId::new(name)
}

/// Hashes JSON while it is being written: most plans are made to be compared and dropped.
struct Digesting(Sha256);

impl std::io::Write for Digesting {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
