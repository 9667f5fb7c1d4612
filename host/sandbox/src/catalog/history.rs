//! Which versions were in force, and when: only those can be gone back to.

use anvil_types::{AgentInfo, Timestamp};
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;
use std::collections::{BTreeMap, HashSet};

/// What is remembered of a version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Seen {
    /// Its agent.
    pub(crate) agent: String,
    /// The version, as the plugin says it.
    pub(crate) version: String,
    /// The file of the plugins folder that it came from when it last came into force.
    pub(crate) file: String,
    /// The file's length in bytes.
    pub(crate) size: u64,
    /// When it was in force first,
    #[serde(rename = "first_in_force")]
    pub(crate) first: Timestamp,
    /// and when it last came into force out of a file.
    #[serde(rename = "last_in_force")]
    pub(crate) last: Timestamp,
}

/// How many versions are kept that nothing needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeepRule {
    /// Of one agent, besides the one in force.
    pub versions: usize,
    /// Bytes of those of all agents.
    pub bytes: u64,
}

/// All versions that are remembered, by digest: those that came into force out of a file of the folder. One that was only
/// ever shadowed is none of them, whatever it says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct History(pub(crate) BTreeMap<String, Seen>);

impl History {
    /// The version of a file came into force. Whether there is something to write down: what is the newest of its agent
    /// already is told again by each start.
    pub(crate) fn came(&mut self, info: &AgentInfo, at: Timestamp) -> bool {
        if let Some((digest, seen)) = self.of(&info.name).first()
            && (digest, &seen.file) == (&info.digest, &info.file)
        {
            return false;
        }
        let seen = Seen {
            agent: info.name.clone(),
            version: info.version.clone(),
            file: info.file.clone(),
            size: info.size,
            first: self.0.get(&info.digest).map_or(at, |seen| seen.first),
            last: at,
        };
        self.0.insert(info.digest.clone(), seen);
        true
    }

    /// The versions of an agent, that first which came into force last.
    pub(crate) fn of(&self, agent: &str) -> Vec<(String, Seen)> {
        let mut versions: Vec<_> = self
            .0
            .iter()
            .filter(|(_, seen)| seen.agent == agent)
            .map(|(d, s)| (d.clone(), s.clone()))
            .collect();
        versions.sort_by_key(|(digest, seen)| (Reverse(seen.last), Reverse(seen.first), digest.clone()));
        versions
    }

    /// Of the versions that nothing needs, those that a rule keeps: of each agent the newest, and of all of them the
    /// newest as far as the bytes reach.
    pub(crate) fn keeps(&self, unneeded: &HashSet<String>, rule: KeepRule) -> HashSet<String> {
        let mut newest: Vec<_> = self.0.iter().filter(|(digest, _)| unneeded.contains(*digest)).collect();
        newest.sort_by_key(|(digest, seen)| (Reverse(seen.last), Reverse(seen.first), *digest));
        let mut of_agent: BTreeMap<&str, usize> = BTreeMap::new();
        let (mut bytes, mut keeps) = (0_u64, HashSet::new());
        for (digest, seen) in newest {
            let before = of_agent.entry(&seen.agent).or_default();
            let with = bytes.saturating_add(seen.size);
            if *before < rule.versions && with <= rule.bytes {
                *before += 1;
                bytes = with;
                keeps.insert(digest.clone());
            }
        }
        keeps
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use anvil_types::{Actions, AgentState, Effort};

    fn seen(agent: &str, size: u64, last: i64) -> Seen {
        let at = Timestamp::from_secs(last);
        let file = format!("{agent}.wasm");
        Seen { agent: agent.into(), version: "1.0.0".into(), file, size, first: at, last: at }
    }

    #[test]
    fn what_a_start_tells_again_is_not_written_again() {
        let info = |digest: &str| AgentInfo {
            name: "a".into(),
            version: "1.0.0".into(),
            summary: String::new(),
            file: "a.wasm".into(),
            digest: digest.into(),
            size: 10,
            state: AgentState::Ready,
            reason: None,
            actions: Actions::default(),
            model_floor: None,
            effort: Effort::Standard,
            time_limit_s: None,
            tool_loop: false,
            loaded_at: Timestamp::default(),
            instead_of: None,
            may_call: Vec::new(),
        };
        let mut history = History::default();
        let mut came = |digest: &str, at| history.came(&info(digest), Timestamp::from_secs(at));
        assert!(came("a1", 1), "it is new");
        assert!(!came("a1", 2), "it is the newest still");
        assert!(came("a2", 3));
        assert!(came("a1", 4), "it is the newest again");
        assert_eq!(history.of("a").first().map(|(_, seen)| seen.last), Some(Timestamp::from_secs(4)));
    }

    #[test]
    fn the_newest_are_kept_of_each_agent_as_far_as_the_bytes_reach() {
        let all = [
            ("a1", "a", 10, 1),
            ("a2", "a", 10, 2),
            ("a3", "a", 10, 3),
            ("b1", "b", 100, 4),
            ("b2", "b", 10, 5),
        ];
        let history = all.map(|(digest, agent, size, last)| (digest.to_owned(), seen(agent, size, last)));
        let history = History(history.into());
        let unneeded: HashSet<String> = ["a1", "a2", "a3", "b1", "b2", "unknown"].map(str::to_owned).into();
        let kept = |versions, bytes| {
            let mut kept: Vec<_> =
                history.keeps(&unneeded, KeepRule { versions, bytes }).into_iter().collect();
            kept.sort();
            kept
        };
        assert_eq!(kept(9, 1_000), ["a1", "a2", "a3", "b1", "b2"]);
        assert_eq!(kept(1, 1_000), ["a3", "b2"]);
        assert_eq!(kept(9, 35), ["a2", "a3", "b2"], "a large one that does not fit leaves room for others");
        assert_eq!(kept(0, 1_000), [""; 0]);
        assert_eq!(
            history.of("a").iter().map(|(digest, _)| digest.as_str()).collect::<Vec<_>>(),
            ["a3", "a2", "a1"]
        );
    }
}
