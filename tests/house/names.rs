//! A word means one thing in the house: what one crate shows to others has a name that no other crate shows.

use crate::imports::Crate;
use std::collections::BTreeMap;

/// Crates that stand outside: no crate of the house uses them, and their words are those of their own field.
const OUTSIDE: [&str; 6] =
    ["code-generator", "feature-team", "asker", "every-function", "player", "anvil-fuzz"];

#[test]
fn no_two_crates_show_a_type_of_the_same_name() {
    let mut shown: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, src) in crate::sources() {
        if OUTSIDE.contains(&name.as_str()) {
            continue;
        }
        for (item, file) in Crate::read(&src).shown_types() {
            shown.entry(item.to_owned()).or_default().push(format!("`{name}` ({file})"));
        }
    }
    assert!(shown.len() > 300, "only {} types were seen", shown.len());
    let twice = shown.iter().filter(|(_, places)| places.len() > 1);
    let twice: Vec<_> = twice.map(|(item, places)| format!("{item}: {}", places.join(", "))).collect();
    assert!(
        twice.is_empty(),
        "a type's name is unique in the workspace or says its crate; these are not:\n{}",
        twice.join("\n")
    );
}
