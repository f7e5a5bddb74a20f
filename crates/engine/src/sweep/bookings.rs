//! Future bookings whose host left: somebody of ours is looked at again, and cancelled as leavers' bookings are; accounts
//! of nobody's are told of. Somebody on a leave that takes their bookings is looked at again as well.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use lanyard_model::{
    booking::Booking,
    desired::Lifecycle,
    id::{AccountId, AccountKey, IdentityId},
    signal::{Lane, Source},
};
use lanyard_policy::Facts;

use super::found::{counted, some_of, warning};
use crate::{
    Engine,
    ports::{Finding, StoreFailure, Write},
    survey::{Lists, SiteSurvey},
};

impl Engine {
    /// Compares each site's calendar with its list of live accounts. A calendar that cannot be read whole says nothing, and
    /// neither does a list that is in doubt, but of people whose end was verified: what was told before stands.
    pub(super) async fn left_bookings(
        &self,
        lists: &Lists,
        now: Timestamp,
    ) -> Result<Vec<Write>, StoreFailure> {
        let mut writes = Vec::new();
        for site in &lists.sites {
            let certified = site.certificate.holds();
            let Some(state) = self.sites().get(&site.site) else { continue };
            let calendar = match state.whole_calendar(now, Lane::Bulk).await {
                Ok(calendar) => calendar.rows,
                Err(failure) => {
                    tracing::info!(site = %site.site, %failure, "the calendar could not be compared");
                    continue;
                }
            };
            let on_leave = self.hosts_on_leave(site, &calendar, now).await?;
            let (gone, of_nobody) = self.hosts_who_left(site, calendar).await?;
            let whose = [
                (on_leave, Lane::Bulk, "somebody on a leave that takes them"),
                (gone, Lane::Leaver, "an account that is no longer live"),
            ];
            for (who, lane, whose) in whose.into_iter().filter(|(who, ..)| !who.is_empty()) {
                writes.push(Write::Attend {
                    who: who.into_iter().collect(),
                    source: Source::Sweep,
                    lane,
                    due: now,
                    why: format!("a sweep found future bookings of {whose}"),
                });
            }
            if !certified {
                continue;
            }
            let key = format!("left_booking:{}:all", site.site);
            if of_nobody.is_empty() {
                writes.push(Write::FindingOver { key, at: now });
                continue;
            }
            let catalogue = state.catalogue();
            let named: Vec<String> = of_nobody
                .iter()
                .map(|booking| {
                    let room =
                        booking.room.map_or_else(|| "no space".to_owned(), |room| catalogue.room_path(room));
                    let day = booking.start.strftime("%Y-%m-%d");
                    format!("{room} on {day} (booking {}, account {})", booking.id, booking.host)
                })
                .collect();
            writes.push(Write::Finding(Box::new(Finding {
                site: Some(site.site.clone()),
                title: format!(
                    "{}: {} held by accounts that are no longer live",
                    site.site,
                    counted(of_nobody.len(), "future booking is", "future bookings are")
                ),
                detail: some_of(&named),
                count: Some(of_nobody.len() as u64),
                fix: Some("cancel them in iOffice, or give them another host".into()),
                ..warning("left_booking", key, now)
            })));
        }
        Ok(writes)
    }

    /// People on a leave that takes their bookings, who have some all the same: booked since, or brought back by the calendar
    /// that they come from.
    async fn hosts_on_leave(
        &self,
        site: &SiteSurvey,
        calendar: &[Booking],
        now: Timestamp,
    ) -> Result<BTreeSet<IdentityId>, StoreFailure> {
        let active = self.active();
        let mut who = BTreeSet::new();
        if !active.policy.leaves_take_bookings() {
            return Ok(who);
        }
        let hosts: BTreeSet<AccountId> = calendar
            .iter()
            .filter(|booking| !booking.cancelled && booking.end > now)
            .map(|booking| booking.host)
            .filter(|id| site.accounts.find(*id).is_some())
            .collect();
        for id in hosts {
            let links = self.store.links_to(&AccountKey { site: site.site.clone(), id }).await?;
            for link in links.into_iter().filter(|link| link.ended_at.is_none()) {
                let Some(known) = self.store.identity(&link.identity).await? else { continue };
                let facts = Facts { gone: known.gone_at, linked: true, ..Facts::unlinked(known.since) };
                let desired = active.bound.evaluate_mute(&known.identity, &facts, now);
                let loses = matches!(desired.lifecycle, Lifecycle::Paused { loses } if loses.bookings);
                if loses && desired.site.as_ref() == Some(&site.site) {
                    who.insert(link.identity);
                }
            }
        }
        Ok(who)
    }

    /// People whose accounts are no longer live and hold bookings, and bookings of accounts that are nobody's. Accounts that
    /// were never listed are newer than the list. Where the list is in doubt, only people whose end was verified: a booking
    /// may have been made since, or have been missing from what their end was verified by.
    async fn hosts_who_left(
        &self,
        site: &SiteSurvey,
        calendar: Vec<Booking>,
    ) -> Result<(BTreeSet<IdentityId>, Vec<Booking>), StoreFailure> {
        let live = |id: AccountId| site.accounts.find(id).is_some_and(|row| site.accounts.row(row).is_live());
        let mut left: BTreeMap<AccountId, Vec<Booking>> = BTreeMap::new();
        for booking in calendar.into_iter().filter(|booking| !booking.cancelled && !live(booking.host)) {
            left.entry(booking.host).or_default().push(booking);
        }
        let ids: Vec<AccountId> = left.keys().copied().collect();
        let (mut who, mut of_nobody) = (BTreeSet::new(), Vec::new());
        for chunk in ids.chunks(super::BATCH) {
            for account in self.store.accounts_of(&site.site, chunk).await? {
                let id = account.id();
                let links = self.store.links_to(&AccountKey { site: site.site.clone(), id }).await?;
                match links.is_empty() {
                    true => of_nobody.extend(left.remove(&id).unwrap_or_default()),
                    false => {
                        let over = links.iter().all(|link| link.ended_at.is_some());
                        let told = links.into_iter().filter(|_| over || site.certificate.holds());
                        who.extend(told.map(|link| link.identity));
                    }
                }
            }
        }
        Ok((who, of_nobody))
    }
}
