//! How users end (§3.6).

use crate::ioffice::{
    call::Call,
    noun::Noun,
    settings::{Cascade, UserDelete},
    table::Id,
    wire::Refusal,
};

/// DELETE: deactivates or erases. Deleting an inactive user again changes nothing.
pub(crate) fn delete(call: &mut Call<'_>, id: Id) -> Result<(), Refusal> {
    if id == call.caller() {
        return Err(Refusal::invalid("the caller cannot remove itself"));
    }
    match call.settings.user_delete {
        UserDelete::Soft if !call.state.users.is_active(id) => Ok(()),
        UserDelete::Soft => deactivate(call, id),
        UserDelete::Hard => {
            cascade(call, id)?;
            call.change(Noun::User, id, |call| {
                call.state.users.erase(id);
                Ok(())
            })
        }
    }
}

pub(crate) fn deactivate(call: &mut Call<'_>, id: Id) -> Result<(), Refusal> {
    let (now, caller) = (call.now(), call.caller());
    call.change(Noun::User, id, |call| {
        call.state.users.edit(id, |user| {
            user.active = false;
            user.updated = now;
            user.updated_by = caller;
        });
        Ok(())
    })?;
    cascade(call, id)
}

/// What goes along with an ended user: nothing, unless the site is set otherwise.
pub(crate) fn cascade(call: &mut Call<'_>, id: Id) -> Result<(), Refusal> {
    if call.settings.cascade == Cascade::None {
        return Ok(());
    }
    let now = call.now();
    let bookings: Vec<Id> = call.state.reservations.of_user(id).collect();
    for booking in bookings {
        let live = call.state.reservations.get(booking).is_some_and(|row| !row.cancelled && row.end > now);
        if live {
            call.change(Noun::Reservation, booking, |call| {
                call.state.reservations.edit(booking, |row| {
                    row.cancelled = true;
                    row.updated = now;
                });
                Ok(())
            })?;
        }
    }
    call.change(Noun::User, id, |call| {
        call.state.grants.end_of_user(id);
        call.state.users.edit(id, |user| {
            user.room = 0;
            user.section = 0;
            user.permissions = Box::default();
        });
        Ok(())
    })
}
