//! The loops against fakes of both services and the real store in memory.

mod bench;
mod fakes;
mod mortal;

mod alerts;
mod by_hand;
mod interruptions;
mod leavers;
mod outages;
mod people;
mod standing;
