//! The client against a scripted transport and a stepped clock: no sockets, no real time.

mod attention;
mod feed;
mod hooks;
mod listings;
mod people;
mod probing;
mod retries;
mod script;
mod sign_in;
mod signing_in;
