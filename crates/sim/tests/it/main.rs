//! The stand-ins as a whole: worlds, sockets, faults.

mod audit;
mod badge;
mod faults;
mod fidelity;
mod host;
mod import;
mod ioffice;
mod okta;
mod presets;
mod rehearsal;
mod scenario;
mod world;
