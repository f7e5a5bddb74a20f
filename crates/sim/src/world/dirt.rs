//! Every kind of disorder that a generated world contains, and what each looks like on the wire.
//!
//! One more disorder leaves no row to mark: 2 % of those who should have an account have none.
//!
//! The marks are the truth about the world, for tests and auditors. No face shows them.

use serde::{Serialize, Serializer, ser::SerializeSeq};

/// One kind of disorder. The share is of the site's accounts (or the org's users) in a world with dirt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum Dirt {
    /// E-mail and user name in other letter case than Okta has (`Ines.OKAFOR@…`); 6 %.
    LetterCase,
    /// Blanks before, after or doubled inside name and e-mail; 3 %.
    Spaces,
    /// The e-mail carries a `+tag` that Okta's does not; 1 %.
    PlusAddress,
    /// The employee id has leading zeros that Okta's number lacks; 4 %.
    LeadingZeros,
    /// No employee id: only e-mail or user name can correlate; 4 %.
    NoEmployeeId,
    /// An earlier e-mail (before a name change); the employee id is still right; 2 %.
    StaleEmail,
    /// An earlier department and cost center; 4 %.
    StaleDepartment,
    /// An earlier title; 3 %.
    StaleTitle,
    /// The phone in another notation than Okta's; 30 %.
    PhoneNotation,
    /// Two old accounts were merged: the user name and employee id are those of a former employment, the e-mail is
    /// today's, so the keys disagree; 0.5 %.
    Merged,
    /// A second live account of somebody who already has one (another e-mail, same employee id); 0.4 %.
    Twin,
    /// No such person in Okta any more: the Okta user was deleted long ago; 1 %.
    Orphan,
    /// The person's Okta user is DEPROVISIONED, yet account, permissions, seat and bookings live on.
    LeftButKept,
    /// The e-mail belongs to a namesake today: the holder left, and the address was given to somebody new; a few.
    EmailChangedHands,
    /// Not a person: a shared inbox (`reception@…`) with an account of its own.
    SharedInbox,
    /// Not a person: a kiosk or panel (`$@…@$`), without e-mail.
    Kiosk,
    /// Not a person: the vendor's own account (id 1).
    Vendor,
    /// Not a person: the account that the API client signs in with.
    ServiceAccount,
    /// A site administrator, above every center entry.
    SiteAdmin,
    /// Absent values appear as `""` and `{}` rather than being left out; 5 %.
    EmptyMarks,
    /// Contract end in another notation than the org's own.
    OddDateNotation,
    /// Contract end that no parser reads (`TBD`, `end of Q3`).
    UnreadableDate,
    /// A contractor without contract end.
    NoEndDate,
    /// A contract that ended in the past while the user is still ACTIVE.
    Overdue,
    /// An earlier, DEPROVISIONED Okta user of a rehired person, with the same employee number.
    FormerSelf,
    /// The manager is given by e-mail instead of by employee number.
    ManagerByEmail,
}

/// A set of [`Dirt`] in four bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DirtSet(u32);

impl DirtSet {
    pub fn add(&mut self, dirt: Dirt) {
        self.0 |= 1 << (dirt as u8);
    }

    pub fn has(self, dirt: Dirt) -> bool {
        self.0 & (1 << (dirt as u8)) != 0
    }

    pub fn is_clean(self) -> bool {
        self.0 == 0
    }

    /// The kinds in declaration order.
    pub fn iter(self) -> impl Iterator<Item = Dirt> {
        ALL.into_iter().filter(move |dirt| self.has(*dirt))
    }
}

impl From<Dirt> for DirtSet {
    fn from(dirt: Dirt) -> Self {
        let mut set = Self::default();
        set.add(dirt);
        set
    }
}

impl Serialize for DirtSet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(None)?;
        for dirt in self.iter() {
            list.serialize_element(&dirt)?;
        }
        list.end()
    }
}

/// Every kind, in declaration order.
pub const ALL: [Dirt; 26] = [
    Dirt::LetterCase,
    Dirt::Spaces,
    Dirt::PlusAddress,
    Dirt::LeadingZeros,
    Dirt::NoEmployeeId,
    Dirt::StaleEmail,
    Dirt::StaleDepartment,
    Dirt::StaleTitle,
    Dirt::PhoneNotation,
    Dirt::Merged,
    Dirt::Twin,
    Dirt::Orphan,
    Dirt::LeftButKept,
    Dirt::EmailChangedHands,
    Dirt::SharedInbox,
    Dirt::Kiosk,
    Dirt::Vendor,
    Dirt::ServiceAccount,
    Dirt::SiteAdmin,
    Dirt::EmptyMarks,
    Dirt::OddDateNotation,
    Dirt::UnreadableDate,
    Dirt::NoEndDate,
    Dirt::Overdue,
    Dirt::FormerSelf,
    Dirt::ManagerByEmail,
];
