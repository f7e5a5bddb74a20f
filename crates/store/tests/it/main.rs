//! The store from outside: contract, crash, tampering, queue model, threads.

mod contract;
