//! How many steps a validation takes, counted without taking them.
//!
//! For each value of the payload it is worked out which sub-schemas are applied to it, and how often. Where
//! ways through the schema double, the numbers double, and the count stays as quick as before.

use super::outline::{NodeId, Outline, size};
use serde_json::Value;
use std::collections::BTreeMap;

/// What a validation takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Work {
    /// Steps.
    pub(super) steps: u64,
    /// How deep the payload is nested.
    pub(super) depth: usize,
}

/// It would be more than the bound.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Beyond;

/// Sub-schemas and how often each is applied.
type Applied = BTreeMap<NodeId, u64>;

/// Counts the steps of a payload, up to a bound.
pub(super) fn count(outline: &Outline, payload: &Value, bound: u64) -> Result<Work, Beyond> {
    let mut counter = Counter { outline, left: bound, depth: 0 };
    let root = counter.expanded(&Applied::from([(0, 1)]))?;
    counter.value(payload, &root, 1)?;
    Ok(Work { steps: bound - counter.left, depth: counter.depth })
}

struct Counter<'a> {
    outline: &'a Outline,
    left: u64,
    depth: usize,
}

impl Counter<'_> {
    fn spend(&mut self, steps: u64) -> Result<(), Beyond> {
        self.left = self.left.checked_sub(steps).ok_or(Beyond)?;
        Ok(())
    }

    /// With what they apply to the same value.
    fn expanded(&mut self, applied: &Applied) -> Result<Vec<(NodeId, u64)>, Beyond> {
        let nodes = &self.outline.nodes;
        let mut waiting: BTreeMap<usize, (NodeId, u64)> = BTreeMap::new();
        for (id, times) in applied {
            waiting.insert(nodes[*id].rank, (*id, *times));
        }
        let mut all = Vec::new();
        while let Some((_, (id, times))) = waiting.pop_first() {
            self.spend(1)?;
            all.push((id, times));
            for (child, factor) in &nodes[id].here {
                let more = times.saturating_mul(*factor);
                let entry = waiting.entry(nodes[*child].rank).or_insert((*child, 0));
                entry.1 = entry.1.saturating_add(more);
            }
        }
        Ok(all)
    }

    fn value(&mut self, value: &Value, applied: &[(NodeId, u64)], depth: usize) -> Result<(), Beyond> {
        self.depth = self.depth.max(depth);
        let outline = self.outline;
        for (id, times) in applied {
            let node = &outline.nodes[*id];
            let text = value.as_str().map_or(0, |text| bytes(text) * node.text_steps + bytes(text) / 64);
            let unique = value.as_array().filter(|_| node.unique).map_or(0, |items| distinct(items));
            let steps = (1 + node.listed / 4).saturating_add(text).saturating_add(unique);
            self.spend(steps.saturating_mul(*times))?;
        }
        match value {
            Value::Object(members) => {
                for (name, member) in members {
                    self.name(name, applied)?;
                    let mut below = Applied::new();
                    for (id, times) in applied {
                        let node = &outline.nodes[*id];
                        let named = node.members.get(name);
                        let others = if named.is_some() { &[][..] } else { &node.other_members };
                        for child in named.into_iter().chain(&node.any_member).chain(others) {
                            apply(&mut below, *child, *times);
                        }
                    }
                    self.spend(1)?;
                    if !below.is_empty() {
                        let below = self.expanded(&below)?;
                        self.value(member, &below, depth + 1)?;
                    }
                }
                Ok(())
            }
            Value::Array(items) => self.items(items, applied, depth),
            _ => Ok(()),
        }
    }

    fn items(&mut self, items: &[Value], applied: &[(NodeId, u64)], depth: usize) -> Result<(), Beyond> {
        let nodes = &self.outline.nodes;
        let listed = applied.iter().map(|(id, _)| nodes[*id].first_items.len()).max().unwrap_or(0);
        // Behind the first ones all are alike.
        let mut alike: Option<Vec<(NodeId, u64)>> = None;
        for (place, item) in items.iter().enumerate() {
            self.spend(1)?;
            if let Some(alike) = &alike {
                if !alike.is_empty() {
                    self.value(item, alike, depth + 1)?;
                }
                continue;
            }
            let mut below = Applied::new();
            for (id, times) in applied {
                let node = &nodes[*id];
                let first = node.first_items.get(place);
                let others = if first.is_some() { &[][..] } else { &node.other_items };
                for child in first.into_iter().chain(&node.any_item).chain(others) {
                    apply(&mut below, *child, *times);
                }
            }
            let below = self.expanded(&below)?;
            if !below.is_empty() {
                self.value(item, &below, depth + 1)?;
            }
            if place >= listed {
                alike = Some(below);
            }
        }
        Ok(())
    }

    /// What a member's name takes.
    fn name(&mut self, name: &str, applied: &[(NodeId, u64)]) -> Result<(), Beyond> {
        let outline = self.outline;
        for (id, times) in applied {
            let node = &outline.nodes[*id];
            self.spend((bytes(name) * node.name_steps).saturating_mul(*times))?;
            for names in &node.names {
                for (id, times) in self.expanded(&Applied::from([(*names, *times)]))? {
                    let node = &outline.nodes[id];
                    let steps = 1 + node.listed / 4 + bytes(name) * node.text_steps;
                    self.spend(steps.saturating_mul(times))?;
                }
            }
        }
        Ok(())
    }
}

fn apply(applied: &mut Applied, id: NodeId, times: u64) {
    let entry = applied.entry(id).or_insert(0);
    *entry = entry.saturating_add(times);
}

fn bytes(text: &str) -> u64 {
    text.len() as u64
}

/// What it takes to find out that all differ. Lists and objects can be made to look alike to a hash, and
/// whole numbers that are no exact fractions look alike too: those are compared one by one.
fn distinct(items: &[Value]) -> u64 {
    let all: u64 = items.iter().map(size).sum();
    let alike = |item: &Value| match item {
        Value::Array(_) | Value::Object(_) => true,
        Value::Number(number) => number.as_f64().is_none_or(|number| number.abs() >= 9e15),
        _ => false,
    };
    if items.iter().any(alike) { all.saturating_mul(items.len() as u64) / 4 } else { 2 * all }
}
