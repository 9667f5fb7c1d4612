//! From the outbox to people: what the store says is to be told is sent to each webhook, signed, and
//! tried again on a schedule until the receiver has it.
//!
//! At least once: a message may come twice, with the same `webhook-id`, never not at all. Knows nothing
//! of Claude and has no API key. Speaks the Standard Webhooks specification
//! (<https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>).

mod address;
mod asks;
mod deliverer;
mod message;
mod reach;
mod redact;
mod schedule;
mod secret;
mod send;

pub use address::{Address, BadAddress};
pub use asks::LinkTerms;
pub use deliverer::{Deliverer, DelivererParts};
pub use reach::Reach;
pub use secret::{BadSecret, SigningSecret};
