//! How the plugins stand when the host is up, in its first words.

use crate::show::clean;
use anvil_sandbox::Roster;
use anvil_types::AgentState;

/// So many files are named.
const NAMED: usize = 8;

/// How many agents are ready and how many are not, and which files are still to become some.
pub(super) fn standing(agents: &Roster) -> String {
    let ready = agents.iter().filter(|agent| agent.state == AgentState::Ready).count();
    let others = agents.len() - ready - agents.compiling();
    told(ready, others, &agents.under_way().collect::<Vec<_>>())
}

fn told(ready: usize, others: usize, under_way: &[&str]) -> String {
    if under_way.is_empty() {
        return format!("{ready} ready, {others} not");
    }
    let named: Vec<_> = under_way.iter().take(NAMED).map(|file| clean(file)).collect();
    let more = match under_way.len() - named.len() {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!(
        "{ready} ready, {others} not, {} looked at and compiled by and by: {}{more}",
        under_way.len(),
        named.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_wait_are_counted_and_named_whether_any_agent_is_there_or_not() {
        let all: Vec<String> = (0..30).map(|n| format!("{n}.wasm")).collect();
        for waiting in 0..30 {
            let files: Vec<&str> = all[..waiting].iter().map(String::as_str).collect();
            for (ready, others) in [(0, 0), (3, 0), (0, 2)] {
                let said = told(ready, others, &files);
                assert!(said.starts_with(&format!("{ready} ready, {others} not")), "{said}");
                assert_eq!(said.contains(&format!(", {waiting} looked at")), waiting > 0, "{said}");
                assert!(files.iter().take(NAMED).all(|file| said.contains(file)), "{said}");
                let more = waiting.saturating_sub(NAMED);
                assert_eq!(said.ends_with(&format!(" and {more} more")), more > 0, "{said}");
            }
        }
        assert!(!told(0, 0, &["a\u{1b}[2J.wasm"]).contains('\u{1b}'), "a name is a stranger's");
    }
}
