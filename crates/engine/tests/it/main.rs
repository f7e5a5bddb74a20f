//! The loops against fakes of both services and the real store in memory.

mod adoption;
mod bench;
mod fakes;
mod gates;
mod mortal;

mod alerts;
mod apart;
mod by_hand;
mod delegations;
mod doors;
mod failing;
mod feed;
mod handover;
mod interruptions;
mod leavers;
mod line;
mod outages;
mod outbox;
mod people;
mod reactions;
mod reasons;
mod reviews;
mod schedules;
mod standing;
mod sweep_findings;
mod sweep_lists;
mod sweeps;
mod told;
mod undo;
mod whatif;
mod whatif_picture;
mod whatif_says;
