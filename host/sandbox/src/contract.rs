//! The versions of the contract that plugins are built against, side by side.
//!
//! A released version never changes (`wit/released/` has each as it was frozen, and a plugin of it is run in the tests):
//! what is new comes as a version beside it, with an entry here, bindings of its own and a door that turns its words
//! into those of the house. `docs/decisions/0014-a-released-contract-never-changes.md` has the rule.

use crate::bindings;
use crate::guest::Guest;
use crate::world::GuestWorld;
use wasmtime::component::{HasSelf, Linker};

/// The contract's package, and what stands between it and an interface's name.
pub(crate) const PACKAGE: &str = "anvil:agent/";
/// The interface that an agent exports, before its version.
const AGENT: &str = "anvil:agent/agent-api@";

/// One version of the contract.
pub(crate) struct Contract {
    /// What stands behind the `@`.
    pub(crate) version: &'static str,
    /// Its world, encoded.
    pub(crate) world: &'static [u8],
    link: fn(&mut Linker<GuestWorld>) -> wasmtime::Result<()>,
}

/// 0.1.0, which what brings no types of its own is given, and which the line protocol speaks.
pub(crate) const FIRST: Contract = Contract {
    version: "0.1.0",
    world: bindings::COMPONENT_TYPE,
    link: |linker| bindings::Agent::add_to_linker::<_, HasSelf<Guest>>(linker, GuestWorld::asked),
};

/// Every version that this host offers.
pub(crate) const OFFERED: &[Contract] = &[
    FIRST,
    #[cfg(any(test, feature = "testing"))]
    Contract {
        version: "0.2.0-trial",
        world: crate::testing::trial::COMPONENT_TYPE,
        link: |linker| {
            crate::testing::trial::Agent::add_to_linker::<_, HasSelf<Guest>>(linker, GuestWorld::asked)
        },
    },
];

impl Contract {
    /// The name under which an agent of this version exports what it does.
    pub(crate) fn export(&self) -> String {
        format!("{AGENT}{}", self.version)
    }

    /// Offers the functions of every version.
    pub(crate) fn link_all(linker: &mut Linker<GuestWorld>) -> wasmtime::Result<()> {
        OFFERED.iter().try_for_each(|contract| (contract.link)(linker))
    }
}

/// The version of the contract that an export of this name is an agent of.
pub(crate) fn version_of_agent(export: &str) -> Option<&str> {
    export.strip_prefix(AGENT)
}
