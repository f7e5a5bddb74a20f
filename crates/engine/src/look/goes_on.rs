//! What we gave an account under an identity that ended, while another identity of the same person goes on in it: theirs to
//! keep, and to lose with its reason.

use lanyard_model::{desired::Applied, id::IdentityId};

use super::{Scene, Stop, Tail};
use crate::{Engine, ports::Write};

impl Engine {
    /// Leaves to `governor` what we gave the account in this identity's name, in the batch in which its own claim to the
    /// account ends. Otherwise it would be nobody's, as if somebody had set it by hand, and stay whatever policy says.
    /// Doors go their own way ([`super::doors`]).
    pub(super) async fn leave_gifts(
        &self,
        scene: &Scene<'_>,
        applied: &mut Applied,
        governor: &IdentityId,
        tail: &mut Tail,
    ) -> Result<(), Stop> {
        let site = scene.site.id();
        let mut theirs = self.store.applied(governor, site).await?.unwrap_or_default();
        let before = applied.clone();
        leave(applied, &mut theirs);
        // Also what they have already is ours no longer: taken back in this name, it would be gone from theirs.
        if *applied == before {
            return Ok(());
        }
        tail.writes.push(self.applied_write(scene, applied));
        tail.writes.push(Write::Applied {
            identity: governor.clone(),
            site: site.clone(),
            applied: Box::new(theirs),
        });
        Ok(())
    }
}

/// Moves what is on the account from `ours` to `theirs`. What is known of `theirs` already is newer and stays.
fn leave(ours: &mut Applied, theirs: &mut Applied) {
    fn join<K: Ord, V>(into: &mut std::collections::BTreeMap<K, V>, from: std::collections::BTreeMap<K, V>) {
        from.into_iter().for_each(|(key, value)| {
            into.entry(key).or_insert(value);
        });
    }
    join(&mut theirs.fields, std::mem::take(&mut ours.fields));
    join(&mut theirs.roles, std::mem::take(&mut ours.roles));
    // One booking for a first day, one announcement of an arrival, whichever identity it was for.
    join(&mut theirs.bookings, std::mem::take(&mut ours.bookings));
    join(&mut theirs.visits, std::mem::take(&mut ours.visits));
    theirs.items.append(&mut ours.items);
    theirs.seat = theirs.seat.or(ours.seat.take());
    theirs.section = theirs.section.or(ours.section.take());
    theirs.cost_center = theirs.cost_center.or(ours.cost_center.take());
}

#[cfg(test)]
mod tests {
    use lanyard_model::{
        account::Role,
        id::{CenterId, ItemId, RoomId},
    };

    use super::*;

    #[test]
    fn what_is_on_the_account_moves_and_what_is_known_already_stays() {
        let mut ours = Applied {
            roles: [(CenterId(1), Role::Operator), (CenterId(2), Role::Customer)].into(),
            items: [ItemId(5)].into(),
            seat: Some(RoomId(11)),
            bookings: [("day-one:2026-05-04".to_owned(), 9)].into(),
            notices: ["welcome".to_owned()].into(),
            ..Applied::default()
        };
        let mut theirs = Applied {
            roles: [(CenterId(1), Role::Customer)].into(),
            seat: Some(RoomId(12)),
            ..Applied::default()
        };
        leave(&mut ours, &mut theirs);
        assert_eq!(theirs.roles, [(CenterId(1), Role::Customer), (CenterId(2), Role::Customer)].into());
        assert_eq!((theirs.seat, &theirs.items), (Some(RoomId(12)), &[ItemId(5)].into()));
        assert_eq!(theirs.bookings, [("day-one:2026-05-04".to_owned(), 9)].into());
        let notices = ["welcome".to_owned()].into();
        assert_eq!(ours, Applied { notices, ..Applied::default() }, "nothing is both identities'");
    }
}
