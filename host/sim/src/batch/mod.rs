//! Message Batches: `/v1/messages/batches`.
//!
//! Source: the published guide on batch processing and the reference of its six endpoints; where both are silent, what
//! others have written down of real answers. Bodies and results of items stand in a temporary file of each batch, so that
//! a hundred thousand of them take as much memory as their ids.

mod doors;
mod fault;
mod intake;
mod item;
mod message_batch;
mod pages;
mod results;
mod settings;
mod shelf;
mod spool;
mod work;

pub use fault::{SimBatchDoor, SimBatchFailure, SimBatchFault};
pub use settings::SimBatchSettings;
pub use shelf::SimBatchUse;

pub(crate) use doors::batches;
pub(crate) use fault::BATCH_NAMES;
pub(crate) use shelf::Shelf;
pub(crate) use work::work_off;
