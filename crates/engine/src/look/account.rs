//! Reading the account: by remembered link, else by the identity's keys, freshly and without guessing.

use std::{collections::BTreeMap, sync::Arc};

use jiff::Timestamp;
use lanyard_model::{
    account::{Account, AccountRead},
    coverage::ReadKind,
    desired::{Applied, Desired, Lifecycle},
    id::{AccountId, AccountKey, IdentityId, SiteId},
    identity::{Identity, IdentityRead, Status},
    link::{How, Link, Situation},
    signal::{Lane, Source},
};
use lanyard_plan::correlate::{Holder, KeyMatch, correlate};
use lanyard_policy::{Facts, SearchTerm};

use super::{Scene, Stop, Tail};
use crate::{
    Engine,
    engine::Active,
    journal::line,
    late::alarm_key,
    ports::{GONE_KIND, SearchKey, Write},
    reactions::{Unclear, disputed, unclaimed},
};

/// How often another identity of the same person is asked for before what is remembered of it counts.
const OTHER_TRIES: u32 = 5;

/// What a site shows of the person.
#[derive(Default)]
pub(crate) struct AccountView {
    /// Also set, from the mirror and marked inactive, for a linked account that the site no longer shows.
    pub(crate) account: Option<Account>,
    /// The link in force; new when correlation just found it.
    pub(crate) link: Option<Link>,
    pub(crate) disputed: Option<Unclear>,
}

impl Engine {
    /// What the site shows of the person. `ours`: this look has written already, so what it finds ended may be our doing.
    pub(crate) async fn observe_in_site(
        &self,
        scene: &Scene<'_>,
        link: Option<&Link>,
        applied: &Applied,
        ours: bool,
        tail: &mut Tail,
    ) -> Result<AccountView, Stop> {
        let port = scene.site.port();
        let Some(link) = link else { return self.search_in_site(scene, applied, tail).await };
        let read = port.observe_account(link.account.id, scene.item.lane).await?;
        let is_live = matches!(&read, AccountRead::Present(account) if account.is_live());
        let remembered = match is_live {
            true => None,
            false => self.store.account(&link.account).await?,
        };
        if !is_live && !ours {
            let employed = scene.person.identity.status == Status::Active && scene.person.gone.is_none();
            let left = scene.person.identity.status == Status::Deprovisioned || scene.person.gone.is_some();
            // Not what we brought about ourselves: a leave or an end of ours is on record.
            let unexpected = link.ended_at.is_none()
                && applied.ended_since.is_none()
                && (remembered.as_ref().is_some_and(Account::is_live) || (left && applied.is_anything()));
            if (employed || unexpected)
                && let Some(survivor) = self.survivor(scene, link, tail).await?
            {
                return Ok(survivor);
            }
        }
        let account = match read {
            AccountRead::Present(account) => Some(*account),
            // Inactive accounts may read as 404 (contract A-13): what we remember of it, as inactive.
            AccountRead::NotFound { at } => remembered.map(|account| as_inactive(account, at)),
        };
        Ok(AccountView { account, link: Some(link.clone()), disputed: None })
    }

    /// The account into which somebody merged the linked one, which is over: a live one that nobody has and that has the
    /// person's strongest key. Before a second account is woken for them, or their end is taken for done.
    async fn survivor(
        &self,
        scene: &Scene<'_>,
        link: &Link,
        tail: &mut Tail,
    ) -> Result<Option<AccountView>, Stop> {
        let policy = &scene.active.policy;
        let identity = &scene.person.identity;
        let terms = policy.search_terms(identity);
        let Some(term) = terms.first() else { return Ok(None) };
        let key = SearchKey { field: term.field, value: term.value.clone() };
        let mut alive: Vec<Account> = Vec::new();
        for account in scene.site.port().find_accounts(&key, scene.item.lane).await? {
            let keys = policy.account_keys(&account);
            let same = keys.iter().any(|(kind, folded)| *kind == term.kind && *folded == term.folded);
            if same && account.is_live() && account.key != link.account {
                alive.push(account);
            }
        }
        let dispute = |why: String| {
            let disputed = Some(Unclear::disputed(why));
            Ok(Some(AccountView { disputed, ..AccountView::default() }))
        };
        let account = match alive.as_slice() {
            [] => return Ok(None),
            [one] => one,
            several => {
                let ids: Vec<_> = several.iter().map(|account| account.id().to_string()).collect();
                let (was, key) = (link.account.id, &term.kind);
                return dispute(format!(
                    "their account {was} is over, and several others have the same {key}: {}",
                    ids.join(", ")
                ));
            }
        };
        let holder = self.holder(scene, &account.key).await?;
        if let Some(Holder::Other(other)) = &holder {
            let (was, id, key) = (link.account.id, account.id(), &term.kind);
            return dispute(format!(
                "their account {was} is over, and {id} with the same {key} is {other}'s"
            ));
        }
        if holder.is_none()
            && let Some(why) = unclaimed(policy.reactions(scene.site.id()), &term.kind)
        {
            return Ok(Some(AccountView { disputed: Some(why), ..AccountView::default() }));
        }
        if holder.is_none()
            && let Some(why) = self.may_be_anothers(scene, account, &terms, &term.kind).await?
        {
            let (was, id, key) = (link.account.id, account.id(), &term.kind);
            return dispute(format!(
                "their account {was} is over, and {id} with the same {key} is not plainly theirs: {why}"
            ));
        }
        // Lists may leave out what somebody is allowed.
        let account = match scene.site.port().observe_account(account.id(), scene.item.lane).await? {
            AccountRead::Present(whole) if whole.is_live() => *whole,
            _ => return Ok(None),
        };
        let now = self.clock.now();
        let next = Link {
            identity: identity.id.clone(),
            account: account.key.clone(),
            how: How::Key(term.kind.clone()),
            since: now,
            ended_at: None,
        };
        let title = format!("account {} is over; linked to {}, which goes on", link.account.id, account.id());
        note_link(scene, &next, holder.as_ref(), title, tail);
        Ok(Some(AccountView { account: Some(account), link: Some(next), disputed: None }))
    }

    /// Finds the account of somebody without a link: key by key, strongest first, each candidate read afresh.
    async fn search_in_site(
        &self,
        scene: &Scene<'_>,
        applied: &Applied,
        tail: &mut Tail,
    ) -> Result<AccountView, Stop> {
        let policy = &scene.active.policy;
        let port = scene.site.port();
        let identity = &scene.person.identity;
        let terms = policy.search_terms(identity);
        let mut found: Vec<(String, Vec<Account>)> = Vec::new();
        let mut sleeping: Vec<Account> = Vec::new();
        // Accounts that ended with another identity, which may or may not have been the same person.
        let mut doubtful: Vec<(String, AccountKey)> = Vec::new();
        let mut searched: Vec<(SearchKey, usize)> = Vec::new();
        for term in &terms {
            let mut candidates: BTreeMap<AccountId, Account> = BTreeMap::new();
            let key = SearchKey { field: term.field, value: term.value.clone() };
            let shown = port.find_accounts(&key, scene.item.lane).await?;
            searched.push((key, shown.len()));
            candidates.extend(shown.into_iter().map(|account| (account.id(), account)));
            // The site's search does not fold; the mirror finds spellings it would miss.
            for known in self.store.accounts_by_key(scene.site.id(), &term.kind, &term.folded).await? {
                if let std::collections::btree_map::Entry::Vacant(free) = candidates.entry(known.id) {
                    let account = match port.observe_account(known.id, scene.item.lane).await? {
                        AccountRead::Present(account) => Some(*account),
                        // Inactive accounts may read as 404, and no sweep has noticed yet that it is listed no more.
                        AccountRead::NotFound { at } => {
                            self.store.account(&known).await?.map(|account| as_inactive(account, at))
                        }
                    };
                    account.map(|account| free.insert(account));
                }
            }
            if found.is_empty() {
                // By the strongest key also accounts that are listed no more: somebody may have switched theirs off by hand,
                // and another one would be a second account of the same person.
                let kind = format!("{GONE_KIND}{}", term.kind);
                for known in self.store.accounts_by_key(scene.site.id(), &kind, &term.folded).await? {
                    if let std::collections::btree_map::Entry::Vacant(free) = candidates.entry(known.id) {
                        let account = match port.observe_account(known.id, scene.item.lane).await? {
                            AccountRead::Present(account) => Some(*account),
                            AccountRead::NotFound { at } => {
                                self.store.account(&known).await?.map(|account| as_inactive(account, at))
                            }
                        };
                        account.map(|account| free.insert(account));
                    }
                }
            }
            let is_same = |account: &Account| {
                let keys = policy.account_keys(account);
                keys.iter().any(|(kind, folded)| *kind == term.kind && *folded == term.folded)
            };
            let (live, asleep): (Vec<_>, Vec<_>) =
                candidates.into_values().filter(is_same).partition(Account::is_live);
            let stop = !live.is_empty();
            for account in asleep.into_iter().filter(|account| !applied.given_up.contains(&account.id())) {
                if sleeping.iter().any(|known| known.key == account.key) {
                    continue;
                }
                match self.former(scene, &account.key).await? {
                    Some((Former::SamePerson, _)) => sleeping.push(account),
                    Some((Former::Somebody(other), _)) => {
                        let keys = policy.account_keys(&account);
                        if contradiction(&terms, &keys, found.len()).is_none() {
                            doubtful.push((format!("{} of {other}", term.kind), account.key));
                        }
                    }
                    Some((Former::Another, _)) => {}
                    // Never ours: only the strongest key says enough.
                    None if found.is_empty() => sleeping.push(account),
                    None => {}
                }
            }
            found.push((term.kind.clone(), live));
            if stop {
                break;
            }
        }
        if found.iter().all(|(_, live)| live.is_empty())
            && let Some((_, strongest)) = found.first_mut()
        {
            if let (true, Some((whose, account))) = (sleeping.is_empty(), doubtful.first()) {
                // An address changes hands: to wake the account could give one person what another had, and a new one
                // could be a second account of the same person.
                let why = format!(
                    "the inactive account {account} has the same {whose}, and nothing says whether they are one person"
                );
                return Ok(AccountView { disputed: Some(Unclear::disputed(why)), ..AccountView::default() });
            }
            *strongest = sleeping;
        }
        if found.iter().all(|(_, accounts)| accounts.is_empty()) {
            // An answer that was cut shows nobody, and a second account would be made.
            for (key, shown) in &searched {
                port.search_was_whole(key, *shown, scene.item.lane).await?;
            }
        }
        let mut holders: BTreeMap<AccountKey, Holder> = BTreeMap::new();
        for account in found.iter().flat_map(|(_, accounts)| accounts) {
            if let Some(holder) = self.holder(scene, &account.key).await? {
                holders.insert(account.key.clone(), holder);
            }
        }
        let matches: Vec<_> = found
            .iter()
            .map(|(name, accounts)| KeyMatch { name: name.clone(), accounts: accounts.iter().collect() })
            .collect();
        let answer = correlate(
            None,
            &matches,
            |key| holders.get(key).cloned(),
            |account, rank| contradiction(&terms, &policy.account_keys(account), rank),
        );
        let now = self.clock.now();
        if let (Situation::Linked(key), Some(How::Key(name))) = (&answer.situation, &answer.how)
            && !holders.contains_key(key)
            && let Some(account) = found.iter().flat_map(|(_, list)| list).find(|account| account.key == *key)
            && let Some(why) = self.may_be_anothers(scene, account, &terms, name).await?
        {
            let why = format!("the account with the same {name} is not plainly theirs: {why}");
            return Ok(AccountView { disputed: Some(Unclear::disputed(why)), ..AccountView::default() });
        }
        if let Situation::Linked(key) = &answer.situation
            && !holders.contains_key(key)
            && let How::Key(name) = answer.how.clone().unwrap_or(How::Key("key".into()))
            && let Some(why) = unclaimed(policy.reactions(scene.site.id()), &name)
            && self.former(scene, key).await?.is_none()
            && !self.have_made_by(scene, terms.iter().find(|term| term.kind == name)).await?
        {
            return Ok(AccountView { disputed: Some(why), ..AccountView::default() });
        }
        Ok(match answer.situation {
            Situation::Linked(key) => {
                let account =
                    found.into_iter().flat_map(|(_, accounts)| accounts).find(|account| account.key == key);
                // Lists may leave out what somebody is allowed; whose account it is, is read whole.
                let account = match account {
                    Some(listed) if listed.roles.is_none() && listed.is_live() => {
                        match port.observe_account(key.id, scene.item.lane).await? {
                            AccountRead::Present(whole) => Some(*whole),
                            AccountRead::NotFound { .. } => Some(listed),
                        }
                    }
                    other => other,
                };
                let how = answer.how.unwrap_or(How::Key("key".into()));
                let asleep = account.as_ref().is_some_and(|account| !account.is_live());
                // An account that we ended for the same person: theirs, to be taken up again as their own would be.
                let ended_at = match asleep {
                    true => self.former(scene, &key).await?.map(|(_, ended_at)| ended_at),
                    false => None,
                };
                let link =
                    Link { identity: identity.id.clone(), account: key.clone(), how, since: now, ended_at };
                let title = format!("linked to account {key}");
                note_link(scene, &link, holders.get(&key), title, tail);
                AccountView { account, link: Some(link), disputed: None }
            }
            Situation::Disputed { why, .. } => {
                AccountView { disputed: Some(Unclear::disputed(why)), ..AccountView::default() }
            }
            _ => AccountView::default(),
        })
    }

    /// Who else's the account may be that was found by a key which says less than the strongest one, and which nobody has yet: by a key
    /// that says more than `by` and of which the person has no value, or by `by` itself. An address is shared or changes hands,
    /// and the one whose account it is may not have been looked at yet. Before everybody was read once, nobody can say.
    async fn may_be_anothers(
        &self,
        scene: &Scene<'_>,
        account: &Account,
        terms: &[SearchTerm],
        by: &str,
    ) -> Result<Option<String>, Stop> {
        let policy = &scene.active.policy;
        let me = &scene.person.identity;
        let keys = policy.account_keys(account);
        let value = keys.iter().find(|(kind, _)| kind == by).map_or("", |(_, value)| value);
        let strongest = policy.strongest_key(me);
        if strongest.as_ref().is_some_and(|key| *key == format!("{by}:{value}")) {
            return Ok(None);
        }
        let stronger = keys.iter().take_while(|(kind, _)| kind != by);
        for (kind, value) in stronger.filter(|(kind, _)| terms.iter().all(|term| term.kind != *kind)) {
            let others = self.store.identities_by_key(kind, value).await?;
            if let Some(other) = others.into_iter().find(|other| *other != me.id) {
                return Ok(Some(format!("its {kind} is {value}, which is {other}'s")));
            }
        }
        for other in self.store.identities_by_key(by, value).await?.into_iter().filter(|it| *it != me.id) {
            let Some(known) = self.store.identity(&other).await? else { continue };
            let over = known.gone_at.is_some() || known.identity.status == Status::Deprovisioned;
            // Two users of one tenant are two people, of two tenants perhaps one.
            let another = match (&strongest, policy.strongest_key(&known.identity)) {
                (Some(mine), Some(theirs)) => *mine != theirs,
                _ => other.tenant == me.id.tenant,
            };
            let link = self.store.link(&other, scene.site.id()).await?;
            if another && !over && link.is_none_or(|link| link.ended_at.is_some()) {
                return Ok(Some(format!("{other} has the same {by}, and no account yet")));
            }
        }
        for tenant in self.directories().keys() {
            // A list that was in doubt shows some of them.
            if self.store.certified_rows(tenant.as_str(), ReadKind::Identities).await?.is_none() {
                let pause = self.settings.backoff(scene.item.attempts, &me.id.user);
                let error = format!(
                    "account {} has the same {by}, and not everybody in {tenant} was read yet: whose it is, is not known",
                    account.key
                );
                return Err(Stop::Again { at: self.clock.now() + pause, error });
            }
        }
        Ok(None)
    }

    /// Whether a creation of ours was sent with this key of the person's and nothing said whom it made: an account that has
    /// the key is ours, not one that nobody has.
    async fn have_made_by(&self, scene: &Scene<'_>, key: Option<&SearchTerm>) -> Result<bool, Stop> {
        let Some(key) = key else { return Ok(false) };
        let policy = &scene.active.policy;
        let sent = self.unanswered_creates(scene).await?;
        Ok(sent.iter().any(|(_, patch)| {
            let value = patch.fields.get(&key.field).and_then(Option::as_deref);
            value
                .and_then(|value| policy.folded_key(&key.kind, value))
                .is_some_and(|value| value == key.folded)
        }))
    }

    /// Fills in the category items of an account that does not show them, where policy has anything to do with items.
    pub(crate) async fn complete_items(
        &self,
        scene: &Scene<'_>,
        view: &mut AccountView,
        desired: &Desired,
        applied: &Applied,
        since: Timestamp,
    ) -> Result<(), Stop> {
        let Some(account) = view.account.as_mut().filter(|account| account.items.is_none()) else {
            return Ok(());
        };
        let concerned =
            !desired.items.is_empty() || !desired.owned.items.is_empty() || !applied.items.is_empty();
        if concerned && account.is_live() {
            let lane = scene.item.lane;
            account.items = scene.site.items_of(account.id(), since, || self.clock.now(), lane).await?;
        }
        Ok(())
    }

    /// Whom an account belongs to already.
    pub(crate) async fn holder(&self, scene: &Scene<'_>, key: &AccountKey) -> Result<Option<Holder>, Stop> {
        let me = &scene.person.identity;
        for link in self.store.links_to(key).await? {
            if link.identity == me.id || link.ended_at.is_some() {
                continue;
            }
            let Some(other) = self.store.identity(&link.identity).await? else { continue };
            let same_key = scene
                .active
                .policy
                .person_key(me)
                .is_some_and(|mine| scene.active.policy.person_key(&other.identity) == Some(mine));
            let other_tenant = link.identity.tenant != me.id.tenant;
            let mut other_over = other.gone_at.is_some() || other.identity.status == Status::Deprovisioned;
            if same_key && !other_tenant && !other_over {
                // Our memory of the predecessor may be older than the end of it.
                other_over = self
                    .read_other(scene, &link.identity)
                    .await?
                    .is_some_and(|now| now.status == Status::Deprovisioned);
            }
            // The same person in another tenant shares the account; a re-created identity takes over from its
            // predecessor. Anybody else keeps what is theirs.
            return Ok(Some(if same_key && (other_tenant || other_over) {
                Holder::SamePerson(link.identity)
            } else {
                Holder::Other(link.identity)
            }));
        }
        Ok(None)
    }

    /// Whose an account was that belongs to nobody now, and when that ended: the last one whose link ended.
    async fn former(&self, scene: &Scene<'_>, key: &AccountKey) -> Result<Option<(Former, Timestamp)>, Stop> {
        let me = &scene.person.identity;
        let policy = &scene.active.policy;
        let links = self.store.links_to(key).await?;
        let ended = links.into_iter().filter(|link| link.identity != me.id);
        let last = ended.filter_map(|link| Some((link.ended_at?, link.identity))).max();
        let Some((ended_at, other)) = last else { return Ok(None) };
        let theirs =
            self.store.identity(&other).await?.and_then(|known| policy.strongest_key(&known.identity));
        let former = match (policy.strongest_key(me), theirs) {
            (Some(mine), Some(theirs)) if mine == theirs => Former::SamePerson,
            (Some(_), Some(_)) => Former::Another,
            _ => Former::Somebody(other),
        };
        Ok(Some((former, ended_at)))
    }

    /// Who takes over from somebody that was deactivated or deleted: the one other identity of the tenant with the same
    /// key of persons, alive by a fresh read, that policy wants in this site and that never had an account here. Nobody is
    /// guessed: an address that only resembles theirs, or two candidates, are no successor. Of whom it cannot be
    /// told yet whether policy wants them here, that is asked again: what they go on with would end meanwhile.
    async fn successor(&self, scene: &Scene<'_>) -> Result<Option<IdentityId>, Stop> {
        let policy = &scene.active.policy;
        let me = &scene.person.identity;
        let over = scene.person.gone.is_some() || me.status == Status::Deprovisioned;
        let Some(mine) = policy.person_key(me).filter(|_| over) else { return Ok(None) };
        let keys = policy.identity_keys(me);
        let Some((kind, value)) = keys.iter().find(|(kind, value)| mine == format!("{kind}:{value}")) else {
            return Ok(None);
        };
        self.record_unrecorded(kind, value).await?;
        let now = self.clock.now();
        let site = scene.site.id();
        let (mut wanted, mut unclear) = (Vec::new(), Vec::new());
        for other in self.store.identities_by_key(kind, value).await? {
            if other == me.id || other.tenant != me.id.tenant {
                continue;
            }
            let Some(known) = self.store.identity(&other).await? else { continue };
            if known.gone_at.is_some() || self.store.link(&other, site).await?.is_some() {
                continue;
            }
            match claim_on(scene.active, &known.identity, site, now) {
                Claim::Wants => wanted.push(other),
                Claim::Unclear if is_read_in_part(&known.identity) => unclear.push(other),
                Claim::Unclear | Claim::No => {}
            }
        }
        let candidates = if wanted.is_empty() { unclear } else { wanted };
        let ([only], Some(directory)) = (candidates.as_slice(), self.directories().get(&me.id.tenant)) else {
            return Ok(None);
        };
        // Our memory of them may be older than an end of theirs.
        let read = directory.observe_identity(&only.user, scene.item.lane).await?;
        let IdentityRead::Present(fresh) = read else { return Ok(None) };
        if policy.person_key(&fresh).as_ref() != Some(&mine) {
            return Ok(None);
        }
        match claim_on(scene.active, &fresh, site, now) {
            Claim::Wants => Ok(Some(only.clone())),
            Claim::Unclear if is_read_in_part(&fresh) => Err(Stop::Again {
                at: now + self.settings.backoff(scene.item.attempts, &me.id.user),
                error: format!("whether {only} is the same person and goes on here cannot be told yet"),
            }),
            Claim::Unclear | Claim::No => Ok(None),
        }
    }

    /// What a look read of its person, where that could not be recorded; `None` once it was.
    pub(super) fn keep_unrecorded(&self, id: &IdentityId, read: Option<Write>) {
        let mut all = self.unrecorded.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        match read {
            Some(read) => all.insert(id.clone(), read),
            None => all.remove(id),
        };
    }

    /// Puts on record whoever was read with this key and is not known yet, because the store took nothing when that look
    /// ended: their own next look waits for the claim to run out, and what they go on with would end meanwhile. That is
    /// remembering what was read, which an explanation may do as well.
    async fn record_unrecorded(&self, kind: &str, value: &str) -> Result<(), Stop> {
        let reads: Vec<(IdentityId, Write)> = {
            let all = self.unrecorded.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            let has_key = |write: &Write| matches!(write, Write::Identity { keys, .. } if keys.iter().any(|(k, v)| k == kind && v == value));
            all.iter()
                .filter(|(_, read)| has_key(read))
                .map(|(id, read)| (id.clone(), read.clone()))
                .collect()
        };
        for (id, read) in reads {
            if self.store.identity(&id).await?.is_none() {
                self.write(vec![read]).await?;
            }
            self.keep_unrecorded(&id, None);
        }
        Ok(())
    }

    /// The other identity that governs the account, if it is not this one.
    pub(crate) async fn governor(
        &self,
        scene: &Scene<'_>,
        desired: &Desired,
        link: Option<&Link>,
    ) -> Result<Option<IdentityId>, Stop> {
        let Some(link) = link else { return Ok(None) };
        let others = self.store.links_to(&link.account).await?;
        if others.iter().all(|other| other.identity == scene.person.identity.id || other.ended_at.is_some()) {
            return match link.ended_at {
                None if !is_alive(desired) => self.successor(scene).await,
                _ => Ok(None),
            };
        }
        let policy = &scene.active.policy;
        let me = &scene.person.identity.id;
        let i_am_alive = is_alive(desired);
        let i_am_over = matches!(desired.lifecycle, Lifecycle::Ended { .. });
        let now = self.clock.now();
        let mut best: Option<IdentityId> = None;
        for other in others.into_iter().filter(|other| &other.identity != me && other.ended_at.is_none()) {
            let Some(mirrored) = self.store.identity(&other.identity).await? else { continue };
            if mirrored.gone_at.is_some() {
                continue;
            }
            let mut claim = claim_on(scene.active, &mirrored.identity, scene.site.id(), now);
            if i_am_over && matches!(claim, Claim::No) {
                // A list may have been older than they are: nothing that they have is taken on its word.
                claim = match self.read_other(scene, &other.identity).await? {
                    Some(fresh) => claim_on(scene.active, &fresh, scene.site.id(), now),
                    None => Claim::No,
                };
            }
            match claim {
                Claim::Wants => {}
                // Whoever is set aside may still work here: what they share is not ended by somebody else's end.
                Claim::Unclear if i_am_over => {}
                Claim::Unclear | Claim::No => continue,
            }
            let before = best.as_ref().is_none_or(|best| {
                policy.governs_before(&other.identity.tenant, &best.tenant, scene.site.id()).is_lt()
            });
            if before {
                best = Some(other.identity);
            }
        }
        Ok(best.filter(|best| {
            !i_am_alive || policy.governs_before(&best.tenant, &me.tenant, scene.site.id()).is_lt()
        }))
    }

    /// Another identity as it is now; `None` if it is not there.
    async fn read_other(&self, scene: &Scene<'_>, id: &IdentityId) -> Result<Option<Identity>, Stop> {
        let Some(directory) = self.directories().get(&id.tenant) else { return Ok(None) };
        match directory.observe_identity(&id.user, scene.item.lane).await {
            Ok(IdentityRead::Present(mut identity)) => {
                scene.active.trim(&mut identity);
                Ok(Some(*identity))
            }
            Ok(IdentityRead::NotFound { .. }) => Ok(None),
            // An org that cannot be read for long keeps nobody else's leaver in: what is remembered counts then.
            Err(_) if scene.item.attempts >= OTHER_TRIES => Ok(None),
            Err(failure) => {
                let spread = &scene.person.identity.id.user;
                let at = self.clock.now() + self.settings.backoff(scene.item.attempts, spread);
                Err(Stop::Again { at, error: failure.to_string() })
            }
        }
    }

    /// Another identity of the same person governs this account: this one changes nothing there. When it ended, its
    /// own claim ends and the governor is looked at again.
    pub(super) async fn note_governed(
        &self,
        scene: &Scene<'_>,
        desired: &Desired,
        link: Option<&Link>,
        applied: &mut Applied,
        governor: &IdentityId,
        tail: &mut Tail,
    ) -> Result<(), Stop> {
        let identity = &scene.person.identity;
        let now = self.clock.now();
        // Of somebody who is only set aside nothing is known to have ended.
        let over = matches!(desired.lifecycle, Lifecycle::Ended { .. });
        if let Some(link) = link.filter(|link| link.ended_at.is_none() && over) {
            let theirs = self.store.link(governor, scene.site.id()).await?;
            if theirs.is_none_or(|theirs| theirs.account != link.account || theirs.ended_at.is_some()) {
                let key = scene.active.policy.person_key(identity).unwrap_or_default();
                let kind = key.split_once(':').map_or("key", |(kind, _)| kind);
                // In the same batch as the end of the old link: the account is never anybody's and nobody's.
                tail.writes.push(Write::Link(Link {
                    identity: governor.clone(),
                    account: link.account.clone(),
                    how: How::Key(kind.to_owned()),
                    since: now,
                    ended_at: None,
                }));
                tail.writes.push(
                    line(&governor.tenant, now, "link", format!("takes over account {}", link.account))
                        .about(governor, &identity.display_name())
                        .site(scene.site.id())
                        .data(serde_json::json!({ "from": identity.id }))
                        .write(),
                );
            }
            tail.writes.push(Write::Link(Link { ended_at: Some(now), ..link.clone() }));
            self.leave_gifts(scene, applied, governor, tail).await?;
            tail.writes.push(Write::LeaverCancelled {
                identity: identity.id.clone(),
                site: scene.site.id().clone(),
                at: now,
            });
            tail.writes.push(Write::FindingOver { key: alarm_key(&identity.id, scene.site.id()), at: now });
            tail.writes.push(Write::Attend {
                who: vec![governor.clone()],
                source: Source::Timer,
                lane: Lane::Normal,
                due: now,
                why: format!("{} left; the same person goes on as {governor}", identity.id),
            });
        }
        tail.writes.push(
            line(
                &identity.id.tenant,
                now,
                "decision",
                format!("governed by {governor}: nothing is changed for this identity"),
            )
            .about(&identity.id, &identity.display_name())
            .site(scene.site.id())
            .write(),
        );
        Ok(())
    }

    pub(super) fn note_dispute(&self, scene: &Scene<'_>, why: &Unclear, tail: &mut Tail) {
        let (identity, site) = (&scene.person.identity, scene.site.id());
        let reactions = scene.active.policy.reactions(site);
        let now = self.clock.now();
        let finding = disputed(&identity.id, site, &identity.display_name(), why, reactions, now);
        tail.writes.push(Write::Finding(Box::new(finding)));
    }

    /// Keeps a user name that stands in for a taken one, as long as the wish is the same.
    pub(super) fn keep_substitute_name(
        &self,
        desired: &mut Arc<Desired>,
        view: &AccountView,
        applied: &Applied,
    ) {
        let Some((wanted, instead)) = &applied.user_name_instead else { return };
        let shows = view.account.as_ref().and_then(|account| account.field("userName"));
        for (name, want) in &mut Arc::make_mut(desired).fields {
            if name.as_str() == "userName" && want.value == *wanted && shows == Some(instead.as_str()) {
                want.value.clone_from(instead);
            }
        }
    }
}

/// Whose account it was, as far as the key that tells persons apart says.
enum Former {
    /// Another identity of the same person.
    SamePerson,
    /// Plainly another person.
    Another,
    /// One of the two has no such key.
    Somebody(IdentityId),
}

/// A remembered account that is shown no longer: nothing is left of it but the record.
pub(crate) fn as_inactive(mut account: Account, at: Timestamp) -> Account {
    account.active = Some(false);
    account.seat = None;
    account.section = None;
    account.roles = Some(BTreeMap::new());
    account.items = account.items.map(|_| Default::default());
    account.read_at = at;
    account
}

/// What an identity that shares an account says of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Claim {
    /// Policy keeps them alive in this site.
    Wants,
    /// They are set aside: nobody can say.
    Unclear,
    No,
}

/// What policy makes of the identity in this site, as far as the identity alone tells.
pub(crate) fn claim_on(active: &Active, identity: &Identity, site: &SiteId, now: Timestamp) -> Claim {
    let facts = Facts { linked: true, ..Facts::unlinked(identity.read_at) };
    let wants = active.bound.evaluate(identity, &facts, now);
    let here = wants.site.as_ref() == Some(site);
    match &wants.lifecycle {
        Lifecycle::Active | Lifecycle::Paused { .. } if here => Claim::Wants,
        Lifecycle::Aside { .. } if super::over_everywhere(identity, None, &wants).is_some() => Claim::No,
        Lifecycle::Aside { .. } if here || wants.site.is_none() => Claim::Unclear,
        _ => Claim::No,
    }
}

/// What nobody can say of them is for want of an answer, which a later read may bring.
fn is_read_in_part(identity: &Identity) -> bool {
    identity.transitioning || !identity.groups.complete
}

pub(crate) fn is_alive(desired: &Desired) -> bool {
    matches!(desired.lifecycle, Lifecycle::Active | Lifecycle::Paused { .. })
}

/// Puts a new link on record. Which of two identities governs the account that they share, and what the other one has
/// beside it, is decided anew.
fn note_link(scene: &Scene<'_>, link: &Link, holder: Option<&Holder>, title: String, tail: &mut Tail) {
    let identity = &scene.person.identity;
    tail.writes.push(Write::Link(link.clone()));
    if let Some(Holder::SamePerson(other)) = holder {
        tail.writes.push(Write::Attend {
            who: vec![other.clone()],
            source: Source::Timer,
            lane: Lane::Normal,
            due: link.since,
            why: format!("{} is the same person, and shares their account", identity.id),
        });
    }
    tail.writes.push(
        line(&identity.id.tenant, link.since, "link", title)
            .about(&identity.id, &identity.display_name())
            .site(scene.site.id())
            .data(serde_json::json!({ "how": link.how }))
            .write(),
    );
}

/// A stronger key of the identity that the account contradicts.
pub(crate) fn contradiction(
    terms: &[SearchTerm],
    account_keys: &[(String, String)],
    rank: usize,
) -> Option<String> {
    terms.iter().take(rank).find_map(|term| {
        let (_, theirs) = account_keys.iter().find(|(kind, _)| *kind == term.kind)?;
        (*theirs != term.folded).then(|| format!("its {} is {theirs}, theirs is {}", term.field, term.folded))
    })
}
