//! Jobs, from both faces.

mod edit;
mod exchange;
mod idempotency;
mod inputs;
mod matching;
mod queue;
mod submission;
mod waits;
