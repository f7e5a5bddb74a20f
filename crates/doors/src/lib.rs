//! Physical-access feeds: who may enter which area, told to a site's badge system in one of three ways. No vendor's name:
//! badge systems differ, and a site's integrator maps one of these.
//!
//! | module | way | acknowledged by |
//! |---|---|---|
//! | [`webhook`] | signed JSON ([Standard Webhooks](https://www.standardwebhooks.com)) | a 2xx answer |
//! | [`drop`] | a whole list as CSV in a folder | a file `NAME.ack` beside it |
//! | [`scim`] | SCIM 2.0: a group is an area, its members may enter | SCIM's own answers |
//!
//! Each message holds everything that one holder may enter: said twice, it does no harm, so what may have been lost is told
//! again. Never retries or decides by itself: the engine does.

mod answer;
pub mod drop;
pub mod scim;
pub mod webhook;

pub use self::{drop::DropFeed, scim::ScimFeed, webhook::WebhookFeed};
