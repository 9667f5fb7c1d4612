//! What the tests stand on.
//!
//! - [`Upstream`]: `anvil sim` as a process of its own, with its bill, its log and what it can be told to do.
//! - [`Setup`] and [`Host`]: `anvil serve` in a folder of its own; killed, stopped and started again on the same data.
//! - [`Rest`]: a client of the REST API.
//! - [`Browser`]: Chromium, driven through chromedriver.
//! - [`Receiver`]: a receiver of webhooks.
//! - [`StallingClock`]: what a runner in the test's own process is made to stand still by.
//! - [`parse_fault`]: what a language's own tools have against a file.
//! - [`until`]: the one way to wait. It is bounded, and says what it waited for.
//! - [`agent`]: the agents that come with anvil, and those that stand in `tests/agents`; [`prebuilt`]: those committed as files.

mod agents;
mod browser;
mod compiled;
mod host;
mod parsers;
mod process;
#[path = "../../../host/alerts/tests/deliverer/receiver.rs"]
#[expect(dead_code, reason = "shared with the tests of anvil-alerts, which ask more of it")]
mod receiver;
mod rest;
mod stall;
mod upstream;
mod wait;

pub(crate) use agents::{agent, another_build, player, prebuilt};
pub(crate) use browser::{Browser, program, skip};
pub(crate) use host::{Host, Setup};
pub(crate) use parsers::{PARSERS, parse_fault};
pub(crate) use process::Process;
pub(crate) use receiver::{Receiver, Reply};
pub(crate) use rest::{Answer, Rest, nanos};
pub(crate) use stall::StallingClock;
pub(crate) use upstream::Upstream;
pub(crate) use wait::until;
