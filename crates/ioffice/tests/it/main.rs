//! The client against a scripted site: no sockets, a clock that jumps.

mod accounts;
mod bookings;
mod catalogue;
mod endings;
mod lists;
mod oauth;
mod site;
