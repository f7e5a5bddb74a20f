//! Lanyard's words as types. No I/O, no async, no clock, no wire format of any vendor.
//!
//! | module | words |
//! |---|---|
//! | [`id`] | tenant, site, identity, account, group and place ids |
//! | [`identity`] | a person as Okta knows them: status, profile, groups |
//! | [`account`] | a user in iOffice: fields, seat, grants; non-person accounts |
//! | [`place`] | the catalogue of one site: buildings, floors, rooms, centers, sections, categories |
//! | [`booking`] | reservations and visits |
//! | [`coverage`] | how complete a read was, and the certificate that says so |
//! | [`desired`] | what policy wants for one identity, and why |
//! | [`door`] | physical access: areas and times |
//! | [`failure`] | what a rule says about its steps that fail |
//! | [`link`] | correlation: whose account it is |
//! | [`plan`] | steps, plans, outcomes |
//! | [`signal`] | hints that an identity deserves another look |
//! | [`fold`] | canonical forms for comparing e-mails, ids and names |

pub mod account;
pub mod booking;
pub mod clearance;
pub mod coverage;
pub mod desired;
pub mod door;
pub mod failure;
pub mod fold;
pub mod id;
pub mod identity;
pub mod link;
pub mod place;
pub mod plan;
pub mod signal;
