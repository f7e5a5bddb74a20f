//! The stand-ins as a whole: worlds, sockets, faults.

mod audit;
mod faults;
mod host;
mod ioffice;
mod okta;
mod rehearsal;
mod scenario;
mod world;
