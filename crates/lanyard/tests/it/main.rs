//! The program as its users meet it: the built binary, an Okta and an iOffice behind sockets, and a judge who reads
//! only what those two hold.

mod bad_input;
mod company;
mod console;
mod doors;
mod evidence;
mod folder;
mod hooks;
mod kill;
mod logs;
mod newcomer;
mod oauth;
mod office;
mod operations;
mod pipes;
mod policy;
mod presets;
mod program;
mod provisioning;
mod reading;
mod rehearse;
mod schema;
mod several;
mod sign_in;
mod trouble;
