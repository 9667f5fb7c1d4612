//! The face for clients from outside: a raw body in, raw bytes out, under the same holds, pace, brake and circuit as
//! every other call.
//!
//! Nothing routes to it yet. What a client gets is byte for byte what upstream sent, but for a secret of the
//! upstream's, and without a compression that nobody asked for; what it cost is read beside that.

mod bid;
pub(crate) mod pass;
mod raw;
mod strict;
mod tee;
