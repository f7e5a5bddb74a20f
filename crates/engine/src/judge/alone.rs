//! People whose verdict depends on nobody's before them, and on which nobody's after them depends. In an ordinary company
//! that is nearly everybody, so that many can be judged at a time.

use std::borrow::Cow;

use foldhash::HashMap;
use lanyard_model::{
    account::Account,
    desired::{Applied, Lifecycle},
    id::{SiteId, TenantId},
    identity::{Identity, Status},
    plan::{Operation, Plan},
};
use lanyard_policy::{Facts, ManagerKey};

use super::{Case, Judge, Reasons, Sight, Verdict, Who, since, wants_desk};

/// What is known from people who were judged before. It spares work, and changes no answer.
#[derive(Default)]
pub(crate) struct Before {
    /// Managers who were looked for: most are many people's.
    managers: HashMap<(TenantId, Vec<ManagerKey>), Option<Who>>,
    /// Of the last people how many differed.
    differing: u32,
    people: u32,
    /// Whose account was unpacked last: the next policy judges the same person.
    account: Option<(Who, Account)>,
}

/// People after whom those before them weigh half.
const HALF_LIFE: u32 = 64;

impl Before {
    /// How somebody's reasons are told at first: where most people differ, at once in words.
    fn reasons(&self) -> Reasons {
        if self.differing * 3 > self.people { Reasons::Words } else { Reasons::Rules }
    }

    fn note(&mut self, differs: bool) {
        self.people += 1;
        self.differing += u32::from(differs);
        if self.people == 2 * HALF_LIFE {
            self.people /= 2;
            self.differing /= 2;
        }
    }
}

impl Judge<'_> {
    /// Judges one person, if nothing of it depends on the order in which people are judged: they are linked to one live
    /// account that is nobody else's and stay where it is, and no desk is chosen for them. `see` is told the same as by
    /// [`Judge::judge`], and nothing is noted here. Otherwise `false`, and nothing was told: [`Judge::judge`] decides.
    pub(crate) fn judge_alone<'k>(
        &self,
        who: Who,
        identity: &Identity,
        before: &mut Before,
        applied: &dyn Fn(&SiteId) -> Option<&'k Applied>,
        see: &mut dyn FnMut(Sight<'_>),
    ) -> bool {
        let rules = &self.rules;
        let mut tied =
            self.memory.iter().filter_map(|(site, known)| Some((site, known, known.ties.of(who)?)));
        let (site, known, tie) = match (tied.next(), tied.next()) {
            (Some(only), None) => only,
            (None, _) => return self.stays_outside(identity, see),
            (Some(_), Some(_)) => return false,
        };
        let kept = before.account.take().filter(|(of, account)| *of == who && account.key.site == *site);
        let account = match kept {
            Some((_, account)) => Some(account),
            None => known.site.accounts.get(tie.account),
        };
        let Some(account) = account.filter(|_| !tie.ended) else { return false };
        if account.site_admin == Some(true) || known.ties.holders(tie.account).any(|other| other != who) {
            return false;
        }
        let Some((catalogue, seating)) = self.desks.get(site) else { return false };
        let manager = rules.active.bound.manager_reference(identity).and_then(|named| {
            let tenant = identity.id.tenant.clone();
            *before
                .managers
                .entry((tenant, named.keys))
                .or_insert_with_key(|(tenant, keys)| self.everybody.manager(tenant, keys))
        });
        let manager_account = match manager {
            None => None,
            Some(manager) => match known.ties.of(manager) {
                Some(tie) => Some(tie.account).filter(|_| !tie.ended),
                // Their account may yet be found.
                None => return false,
            },
        };
        let nothing = Applied::default();
        let applied = applied(site).unwrap_or(&nothing);
        let (person, link) = (identity.display_name(), known.key_of(tie.account));
        let case = Case {
            identity,
            person: &person,
            site,
            catalogue,
            seating,
            account: Some(&account),
            link: Some(&link),
            linked: true,
            applied,
            manager_account,
            // Whoever leaves is judged in order.
            delegate_account: None,
            leaving: None,
        };
        let wanted = rules.wanted(&case, if rules.reasons { before.reasons() } else { Reasons::Untold });
        // Whoever is here or away is so whatever is known of their account: nothing else is to be asked first.
        let stays = matches!(wanted.desired.lifecycle, Lifecycle::Active | Lifecycle::Paused { .. });
        if !stays || wanted.desired.site.as_ref() != Some(site) {
            return false;
        }
        let Verdict { desired, plan, asks, desk_meanwhile, .. } = rules.verdict(&case, wanted);
        if rules.reasons {
            before.note(!plan.is_quiet());
        }
        if takes_a_desk(&plan) || ((desk_meanwhile || wants_desk(&desired)) && account.seat.is_none()) {
            return false;
        }
        see(Sight::Planned {
            identity,
            desired: &desired,
            plan: Cow::Owned(plan),
            account: Some(&account),
            catalogue,
            seating,
            linked: true,
            asks: &asks,
            bookings: &applied.bookings,
        });
        before.account = Some((who, account));
        true
    }

    /// Somebody without any account, and for whom no site is meant.
    fn stays_outside(&self, identity: &Identity, see: &mut dyn FnMut(Sight<'_>)) -> bool {
        let rules = &self.rules;
        let first = rules.active.bound.evaluate_mute(identity, &Facts::unlinked(since(identity)), rules.now);
        let outside = first.site.is_none()
            && matches!(first.lifecycle, Lifecycle::OutOfScope)
            && identity.status != Status::Deprovisioned;
        if outside {
            see(Sight::Standing { first: &first });
        }
        outside
    }

    /// Whether an account that was found for somebody now is one that others hold: what was decided of those alone may be
    /// wrong.
    pub(crate) fn found_what_others_hold(&self) -> bool {
        self.memory
            .values()
            .any(|known| known.found_of.iter().any(|(id, _)| known.ties.holders(*id).next().is_some()))
    }
}

fn takes_a_desk(plan: &Plan) -> bool {
    plan.steps.iter().any(|step| match &step.op {
        Operation::Create { patch } | Operation::Update { patch } => matches!(patch.seat, Some(Some(_))),
        _ => false,
    })
}
