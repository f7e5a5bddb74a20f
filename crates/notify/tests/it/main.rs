//! Messages against servers on loopback that behave as real ones do, and as they should not.

mod mail;
mod receivers;
mod servers;
mod webhooks;
