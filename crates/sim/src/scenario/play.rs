//! Plays a day on faces behind a host: waits for each step's moment and does its deeds.

use std::sync::Arc;

use super::{Act, Day, Step};
use crate::{clock::SimClock, host::Desk};

impl Day {
    /// Plays all steps in order, each at its moment, or at once if that is past; tells each one with what went wrong in
    /// it (nothing, as a rule; a command that a face refuses is told and the day goes on).
    pub async fn play(
        &self,
        desks: &[Arc<Desk>],
        clock: &dyn SimClock,
        mut tell: impl FnMut(&Step, &[String]),
    ) {
        for step in &self.steps {
            clock.sleep_until(step.at).await;
            let _busy = clock.busy();
            let mut wrong = Vec::new();
            for act in &step.acts {
                wrong.extend(act.apply(desks, clock).err());
            }
            tell(step, &wrong);
        }
    }
}

impl Act {
    /// Does the deed now.
    ///
    /// # Errors
    /// A sentence with the face and the command, when the face refuses it or is not among `desks`.
    pub fn apply(&self, desks: &[Arc<Desk>], clock: &dyn SimClock) -> Result<(), String> {
        match self {
            Self::Command { desk: wanted, command } => {
                let desk = desks.iter().find(|desk| desk.name() == *wanted);
                let desk = desk.ok_or_else(|| format!("there is no {wanted}"))?;
                desk.command(command).map(drop).map_err(|error| format!("{wanted}: {error} ({command})"))
            }
            Self::Faults(rules) => {
                let now = clock.now();
                for desk in desks {
                    desk.with_faults(|face| face.add(rules, now)).map_err(|error| error.to_string())?;
                }
                Ok(())
            }
        }
    }
}
