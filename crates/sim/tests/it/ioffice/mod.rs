//! The iOffice stand-in against the contract: each row names the evidence of the fact it checks.

mod access;
mod bookings;
mod facts;
mod fuzz;
mod lifecycle;
mod mistakes;
mod places;
mod register;
mod selections;
mod site;
mod switches;
mod transport;
mod visits_and_moves;
mod worlds;
