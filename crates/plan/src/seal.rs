//! Names a plan by its content: two plans with the same steps for the same person in the same site are one plan.

use lanyard_model::{id::PlanId, plan::Plan};
use sha2::{Digest, Sha256};

/// Sets `plan.id` from everything that decides what it does. `made_at` and notes do not count: the same proposal
/// made again a minute later is the same proposal.
pub fn seal(mut plan: Plan) -> Plan {
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
    let hex: String = digest[..8].iter().map(|byte| format!("{byte:02x}")).collect();
    plan.id = PlanId::new(format!("pln_{hex}"));
    plan
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
