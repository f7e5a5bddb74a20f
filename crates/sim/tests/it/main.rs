//! The stand-ins as a whole: worlds, sockets, faults.

mod world;
