//! Claude at the other end: the request over HTTP, what its answer says, what its trouble means.

pub(crate) mod answer;
pub(crate) mod blocks;
pub(crate) mod circuit;
mod circuit_news;
pub(crate) mod class;
pub(crate) mod client;
mod count;
pub(crate) mod counts;
pub(crate) mod event_stream;
pub(crate) mod failed;
pub(crate) mod fault;
mod form;
pub(crate) mod gate;
pub(crate) mod halves;
pub(crate) mod heard;
pub(crate) mod object;
pub(crate) mod observer;
pub(crate) mod quoted;
pub(crate) mod reading;
pub(crate) mod secrets;
pub(crate) mod sign;
pub(crate) mod words;
