//! What a request says, and what is wrong with it.

mod empty;
mod mistakes;
mod sent;
