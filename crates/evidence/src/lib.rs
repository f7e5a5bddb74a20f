//! Evidence packs: what an auditor takes away, and how anybody checks it without us.
//!
//! Pure apart from bytes in and out: no clock, no database, no file names of this machine. Documents (PDF, XLSX) are
//! written here and nowhere else, so that no other crate carries their weight.
//!
//! | module | what |
//! |---|---|
//! | [`cell`], [`tables`] | tables, column by column: CSV, JSON Lines and schema of each from one definition |
//! | [`stats`], [`sample`], [`tally`] | quantiles; reproducible samples; figures made from rows, by maker and verifier alike |
//! | `bounds` | published bounds, and how many were within each |
//! | [`container`] | the archive: a ZIP of which every byte is determined by its files |
//! | [`pack`], [`manifest`] | putting a pack together, and signing it |
//! | [`verify`] | checking one, trusting nothing that it says of itself |
//! | [`controls`] | what SOC 2, ISO/IEC 27001 and NIST ask, answered from the figures |
//! | [`oscal`], [`ocsf`] | the same facts in the forms that other tools read |
//! | [`pdf`], [`xlsx`] | the same facts for people: report and dossiers, workbook |
//! | `chapters` | each control as a chapter: tested, found, exceptions by name, where the rows are |
//! | `dossiers` | the samples as a document |
//! | `lines` | lines of a file, and the first that was changed |
//! | `sheet` | pages of text, lines and tables |

mod bounds;
pub mod cell;
mod chapters;
pub mod container;
pub mod controls;
mod dossiers;
mod lines;
pub mod manifest;
pub mod ocsf;
pub mod oscal;
pub mod pack;
pub mod pdf;
pub mod sample;
mod sheet;
pub mod stats;
pub mod tables;
pub mod tally;
pub mod verify;
pub mod xlsx;
