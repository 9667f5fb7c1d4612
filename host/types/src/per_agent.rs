//! What holds for every agent, but for those of which something else does.

use std::collections::BTreeMap;

/// What holds for every agent, but for those of which something else does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PerAgent<T> {
    /// Any agent.
    pub all: T,
    /// Agents of which something else holds, by name.
    pub agents: BTreeMap<String, T>,
}

impl<T> PerAgent<T> {
    /// The same for all.
    pub fn same(all: T) -> Self {
        Self { all, agents: BTreeMap::new() }
    }

    /// What holds for this agent.
    pub fn of(&self, agent: &str) -> &T {
        self.agents.get(agent).unwrap_or(&self.all)
    }

    /// All that holds for any.
    pub fn each(&self) -> impl Iterator<Item = &T> {
        std::iter::once(&self.all).chain(self.agents.values())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_an_agents_own_goes_before_everyones() {
        let sizes = PerAgent { all: 1, agents: [("a".to_owned(), 2)].into() };
        assert_eq!((sizes.of("a"), sizes.of("b")), (&2, &1));
        assert_eq!(sizes.each().max(), Some(&2));
    }
}
