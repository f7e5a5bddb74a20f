//! The loops against fakes of both services and the real store in memory.

mod adoption;
mod bench;
mod fakes;
mod gates;
mod mortal;

mod interruptions;
mod leavers;
mod people;
mod reasons;
mod standing;
mod told;
mod undo;
mod whatif;
