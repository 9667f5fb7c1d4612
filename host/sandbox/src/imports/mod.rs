//! The functions that a guest may call: `wit/` over [`JobHost`](crate::JobHost).

mod claude;
mod job;
mod people;
mod request;
mod settings;
mod state;
mod team;
