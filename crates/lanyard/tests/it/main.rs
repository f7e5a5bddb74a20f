//! The program as its users meet it: the built binary, an Okta and an iOffice behind sockets, and a judge who reads
//! only what those two hold.

mod bad_input;
mod company;
mod evidence;
mod folder;
mod hooks;
mod kill;
mod newcomer;
mod office;
mod operations;
mod policy;
mod presets;
mod program;
mod rehearse;
mod schema;
mod several;
mod sign_in;
mod trouble;
