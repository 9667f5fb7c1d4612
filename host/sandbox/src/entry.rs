//! How a plugin is entered.

use crate::ahead::Prepared;
use crate::bindings::AgentPre;
use crate::bindings::exports::anvil::agent::agent_api as wit;
use crate::contract::version_of_agent;
use crate::ended::{Ended, instance};
use crate::lines;
#[cfg(any(test, feature = "testing"))]
use crate::testing::trial;
use crate::world::{GuestWorld, Seat};
use wasmtime::component::{Component, Linker};
use wasmtime_wasi::p2::bindings::CommandPre;

/// The kinds of plugins: what a component exports decides, and in which version of the contract.
pub(crate) enum Entry {
    /// It exports the agent's functions, and calls the host's.
    Functions(AgentPre<GuestWorld>),
    /// As that, in the trial of a later version.
    #[cfg(any(test, feature = "testing"))]
    Trial(trial::AgentPre<GuestWorld>),
    /// It is a program that speaks in lines on its standard input and output.
    Lines(CommandPre<GuestWorld>),
}

impl Entry {
    /// The way into `component`, linked.
    pub(crate) fn of(linker: &Linker<GuestWorld>, component: &Component) -> wasmtime::Result<Self> {
        let linked = linker.instantiate_pre(component)?;
        let kind = component.component_type();
        let version = kind.exports(linker.engine()).find_map(|(name, _)| version_of_agent(name));
        match version {
            None => CommandPre::new(linked).map(Self::Lines),
            #[cfg(any(test, feature = "testing"))]
            Some(trial::VERSION) => trial::AgentPre::new(linked).map(Self::Trial),
            Some(_) => AgentPre::new(linked).map(Self::Functions),
        }
    }

    /// Asks it what it is.
    pub(crate) async fn describe(&self, seat: Seat) -> Ended<wit::Description> {
        match self {
            Self::Functions(pre) => {
                let mut store = seat.calling();
                let called = match instance(pre.instantiate_async(&mut store)).await {
                    Ok(agent) => agent.anvil_agent_agent_api().call_describe(&mut store).await,
                    Err(error) => return Ended::of(Err(error), &store).at_start(),
                };
                Ended::of(called, &store)
            }
            #[cfg(any(test, feature = "testing"))]
            Self::Trial(pre) => trial::describe(seat, pre).await,
            Self::Lines(pre) => lines::describe(seat, pre).await,
        }
    }

    /// Whether instances of it can be made before there is a job: what speaks in lines is told its job as it is started.
    pub(crate) fn functions(&self) -> Option<&AgentPre<GuestWorld>> {
        match self {
            Self::Functions(pre) => Some(pre),
            #[cfg(any(test, feature = "testing"))]
            Self::Trial(_) => None,
            Self::Lines(_) => None,
        }
    }

    /// Has it do a job, in the instance that was made ahead where there is one. `begins` is told when the guest has its
    /// instance, with the world that it then finds.
    pub(crate) async fn run(
        &self,
        seat: Seat,
        prepared: Option<Prepared>,
        job: &wit::Job,
        begins: impl FnOnce(&GuestWorld) + Send,
    ) -> Ended<Result<wit::Outcome, wit::Failure>> {
        match self {
            Self::Functions(pre) => {
                let (mut store, made) = match prepared {
                    Some(prepared) => {
                        let (store, agent) = prepared.seated(seat);
                        (store, Ok(agent))
                    }
                    None => {
                        let mut store = seat.calling();
                        let made = instance(pre.instantiate_async(&mut store)).await;
                        (store, made)
                    }
                };
                let called = match made {
                    Ok(agent) => {
                        begins(store.data());
                        agent.anvil_agent_agent_api().call_run(&mut store, job).await
                    }
                    Err(error) => Err(error),
                };
                Ended::of(called, &store)
            }
            #[cfg(any(test, feature = "testing"))]
            Self::Trial(pre) => trial::run(seat, pre, job, begins).await,
            Self::Lines(pre) => lines::run(seat, pre, job, begins).await,
        }
    }
}
