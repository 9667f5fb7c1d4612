//! The agent from outside: what its team and a person answer goes in, a folder comes out.

mod flow;
mod money;
mod people;
mod shown;
mod team;
