//! How a plugin is entered.

use crate::bindings::AgentPre;
use crate::world::GuestWorld;
use wasmtime::component::{Component, Linker};
use wasmtime_wasi::p2::bindings::CommandPre;

/// The two kinds of plugins: what a component exports decides.
pub(crate) enum Entry {
    /// It exports the agent's functions, and calls the host's.
    Functions(AgentPre<GuestWorld>),
    /// It is a program that speaks in lines on its standard input and output.
    Lines(CommandPre<GuestWorld>),
}

impl Entry {
    /// The way into `component`, linked.
    pub(crate) fn of(linker: &Linker<GuestWorld>, component: &Component) -> wasmtime::Result<Self> {
        let linked = linker.instantiate_pre(component)?;
        let engine = linker.engine();
        let is_agent = component
            .component_type()
            .exports(engine)
            .any(|(name, _)| name.starts_with("anvil:agent/agent-api@"));
        if is_agent {
            AgentPre::new(linked).map(Self::Functions)
        } else {
            CommandPre::new(linked).map(Self::Lines)
        }
    }
}
