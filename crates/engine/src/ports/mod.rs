//! What the engine needs from outside, as traits. No vendor's name, no SQL, no HTTP.

mod directory;
mod doors;
mod failure;
mod listing;
mod notifier;
mod queue;
mod records;
mod store;
mod workplace;

pub use directory::{
    Delivery, DeliveryProblem, Directory, FeedCursor, FeedError, FeedPage, HookState, HookWish,
};
pub use doors::{DoorFeed, DoorMessage};
pub use failure::{CallCount, Check, PortFailure, Progress, Quota, Silent};
pub use listing::{Sample, Sink};
pub use notifier::{Notifier, Route};
pub use queue::{Finish, Planned, WorkCounts, WorkItem};
pub use records::*;
pub use store::Store;
pub use workplace::{Capabilities, Listing, SearchKey, Workplace};
