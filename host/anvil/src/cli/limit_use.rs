//! Limits beside what was used of them, as a table.

use crate::show::{Table, clean};
use anvil_types::LimitUsed;

/// The table.
pub(super) fn table(limits: &[LimitUsed]) -> String {
    let mut table = Table::new(&["LIMIT", "USED", "MOST", "SETTING"]).right(&[1, 2]);
    for limit in limits {
        table.row([
            clean(&limit.name),
            limit.used.map(|used| limit.shown(used)).unwrap_or_default(),
            limit.shown(limit.limit),
            clean(&limit.setting),
        ]);
    }
    table.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use anvil_types::LimitUnit;

    #[test]
    fn a_limit_stands_beside_its_use_and_its_setting() {
        let limit = LimitUsed {
            name: "memory_mb".into(),
            setting: "agents.writer.memory_mb".into(),
            unit: LimitUnit::Bytes,
            limit: 64 << 20,
            used: Some(9 << 20),
        };
        let shown = table(&[limit]);
        for says in ["memory_mb", "9 MiB", "64 MiB", "agents.writer.memory_mb"] {
            assert!(shown.contains(says), "{shown}");
        }
    }
}
