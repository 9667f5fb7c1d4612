//! Rules that make what is sent shorter and leave what it means.
//!
//! A conversation is read piece by piece, from its beginning: what becomes of a piece follows from its own text and from
//! what stands before it, never from what comes later, so a longer conversation begins with the bytes of the shorter one.
//! The same pieces always give the same bytes, no piece becomes longer, and where a text may be code, a patch or part of a
//! string, it stays as it is.
//!
//! It knows neither requests nor models nor prices; what may be touched is for the caller to say.

#![deny(missing_docs)]

mod above;
mod asked;
mod blank_lines;
mod blocks;
mod compressor;
mod duplicates;
mod json;
mod layout;
mod lossy;
mod reference;
mod source;
mod tokens;
mod trailing;
mod verbatim;

pub use asked::asks_about_layout;
pub use blank_lines::without_blank_runs;
pub use compressor::{Compressor, Level};
pub use json::{minified, with_data_minified};
pub use lossy::{without_comments, without_log_middles, without_trace_middles};
pub use reference::rebuilt;
pub use tokens::about_tokens;
pub use trailing::without_trailing_space;
