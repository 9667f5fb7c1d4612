//! The shape of a schema: which sub-schemas it applies to a value, and which to the parts of it.

use super::patterns;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, HashMap};

/// How deep the schema's own text may be nested.
const DEPTH: usize = 64;
/// Sub-schemas that can be reached.
const NODES: usize = 4_096;
/// Sub-schemas that can be applied to one value one through the other: what the evaluator recurses by.
const CHAIN: usize = 128;

/// The number of a sub-schema.
pub(super) type NodeId = usize;

/// One sub-schema.
#[derive(Debug, Default)]
pub(super) struct Node {
    /// What is compared with each value: the values that `enum`, `const`, `required` and such list.
    pub(super) listed: u64,
    /// Sub-schemas applied to the same value, and how often the evaluator may come to each.
    pub(super) here: Vec<(NodeId, u64)>,
    /// Sub-schemas of named members.
    pub(super) members: BTreeMap<String, NodeId>,
    /// Sub-schemas of any member, and of those that are not named.
    pub(super) any_member: Vec<NodeId>,
    pub(super) other_members: Vec<NodeId>,
    /// Sub-schemas of members' names.
    pub(super) names: Vec<NodeId>,
    /// Sub-schemas of the first items, of those that follow, and of all.
    pub(super) first_items: Vec<NodeId>,
    pub(super) other_items: Vec<NodeId>,
    pub(super) any_item: Vec<NodeId>,
    /// Whether all items have to differ.
    pub(super) unique: bool,
    /// Steps for each byte of a text, and of a member's name.
    pub(super) text_steps: u64,
    pub(super) name_steps: u64,
    /// Its place in an order in which whoever applies another in the same place comes first.
    pub(super) rank: usize,
}

/// The sub-schemas that can be reached from a schema, which is number 0.
#[derive(Debug)]
pub(super) struct Outline {
    pub(super) nodes: Vec<Node>,
    /// The longest way through sub-schemas that are applied to one value.
    pub(super) chain: usize,
}

impl Outline {
    /// Follows a schema; an error says why the host does not use it.
    pub(super) fn of(schema: &Value) -> Result<Self, String> {
        if deeper_than(schema, DEPTH) {
            return Err(format!("it is nested deeper than {DEPTH} levels"));
        }
        let mut anchors = HashMap::new();
        find_anchors(schema, &mut anchors)?;
        let mut walk =
            Walk { root: schema, anchors, known: HashMap::new(), nodes: Vec::new(), todo: Vec::new() };
        walk.enter(schema)?;
        while let Some((id, value)) = walk.todo.pop() {
            let node = walk.node(value, id == 0)?;
            walk.nodes[id] = node;
        }
        let mut outline = Self { nodes: walk.nodes, chain: 0 };
        outline.rank()?;
        Ok(outline)
    }

    /// Ranks the sub-schemas, and refuses those that apply themselves to the same value again.
    fn rank(&mut self) -> Result<(), String> {
        let mut visits = vec![Visit::New; self.nodes.len()];
        let mut order = Vec::with_capacity(self.nodes.len());
        for id in 0..self.nodes.len() {
            let depth = self.visit(id, 0, &mut visits, &mut order)?;
            self.chain = self.chain.max(depth);
        }
        for (rank, id) in order.into_iter().rev().enumerate() {
            self.nodes[id].rank = rank;
        }
        Ok(())
    }

    // How long the longest way from here on is.
    fn visit(
        &self,
        id: NodeId,
        above: usize,
        visits: &mut [Visit],
        order: &mut Vec<NodeId>,
    ) -> Result<usize, String> {
        match visits[id] {
            Visit::Under => return Err("a part of it refers to itself without end".to_owned()),
            Visit::Done(depth) => return fits(above, depth),
            Visit::New => {}
        }
        fits(above, 1)?;
        visits[id] = Visit::Under;
        let mut depth = 0;
        for (child, _) in &self.nodes[id].here {
            depth = depth.max(self.visit(*child, above + 1, visits, order)?);
        }
        visits[id] = Visit::Done(depth + 1);
        order.push(id);
        Ok(depth + 1)
    }
}

fn fits(above: usize, depth: usize) -> Result<usize, String> {
    if above + depth > CHAIN {
        return Err(format!("more than {CHAIN} of its parts apply to one value, each by the one before"));
    }
    Ok(depth)
}

#[derive(Clone, Copy)]
enum Visit {
    New,
    Under,
    Done(usize),
}

struct Walk<'a> {
    root: &'a Value,
    anchors: HashMap<&'a str, &'a Value>,
    /// The sub-schemas that have a number, by where they lie in memory.
    known: HashMap<*const Value, NodeId>,
    nodes: Vec<Node>,
    todo: Vec<(NodeId, &'a Value)>,
}

impl<'a> Walk<'a> {
    fn enter(&mut self, value: &'a Value) -> Result<NodeId, String> {
        if let Some(id) = self.known.get(&std::ptr::from_ref(value)) {
            return Ok(*id);
        }
        let id = self.nodes.len();
        if id == NODES {
            return Err(format!("it has more than {NODES} sub-schemas"));
        }
        self.known.insert(std::ptr::from_ref(value), id);
        self.nodes.push(Node::default());
        self.todo.push((id, value));
        Ok(id)
    }

    fn all(&mut self, list: &'a Value) -> Result<Vec<NodeId>, String> {
        match list {
            Value::Array(items) => items.iter().map(|item| self.enter(item)).collect(),
            _ => Ok(Vec::new()),
        }
    }

    fn node(&mut self, schema: &'a Value, is_root: bool) -> Result<Node, String> {
        let mut node = Node::default();
        let Value::Object(words) = schema else { return Ok(node) };
        if !is_root && ["$id", "id"].iter().any(|word| words.get(*word).is_some_and(Value::is_string)) {
            return Err("a part of it has an `$id` of its own".to_owned());
        }
        // What is not evaluated yet is found by evaluating the rest once more.
        let again = if words.contains_key("unevaluatedProperties") || words.contains_key("unevaluatedItems") {
            3
        } else {
            1
        };
        for (word, value) in words {
            self.word(&mut node, word, value, again)?;
        }
        // `items` of the older drafts is the list of the first ones.
        if let Some(rest) = words.get("additionalItems") {
            node.other_items.push(self.enter(rest)?);
        }
        Ok(node)
    }

    fn word(&mut self, node: &mut Node, word: &str, value: &'a Value, again: u64) -> Result<(), String> {
        match word {
            "$ref" | "$dynamicRef" | "$recursiveRef" => {
                let target = value.as_str().ok_or_else(|| format!("a `{word}` of it is no text"))?;
                let id = self.refer(target)?;
                node.here.push((id, again));
            }
            "allOf" => node.here.extend(self.all(value)?.into_iter().map(|id| (id, again))),
            // Once for whether it holds, once for why it does not.
            "anyOf" | "oneOf" => node.here.extend(self.all(value)?.into_iter().map(|id| (id, 2 * again))),
            "not" | "if" | "then" | "else" => node.here.push((self.enter(value)?, 2 * again)),
            "dependentSchemas" | "dependencies" => {
                for part in members(value).values() {
                    match part {
                        Value::Array(names) => node.listed += names.len() as u64,
                        part => node.here.push((self.enter(part)?, again)),
                    }
                }
            }
            "properties" => {
                for (name, part) in members(value) {
                    let id = self.enter(part)?;
                    node.members.insert(name.clone(), id);
                    node.listed += 1;
                }
            }
            "patternProperties" => {
                for (pattern, part) in members(value) {
                    node.name_steps += patterns::steps(pattern)?;
                    node.any_member.push(self.enter(part)?);
                }
            }
            "additionalProperties" => node.other_members.push(self.enter(value)?),
            "unevaluatedProperties" => node.any_member.extend([self.enter(value)?; 2]),
            "unevaluatedItems" => node.any_item.extend([self.enter(value)?; 2]),
            "propertyNames" => node.names.push(self.enter(value)?),
            "prefixItems" => node.first_items = self.all(value)?,
            "items" if value.is_array() => node.first_items = self.all(value)?,
            "items" => node.other_items.push(self.enter(value)?),
            "contains" => node.any_item.push(self.enter(value)?),
            "pattern" => {
                let pattern = value.as_str().ok_or("a `pattern` of it is no text")?;
                node.text_steps += patterns::steps(pattern)?;
            }
            // Mostly a walk over the text.
            "format" | "contentEncoding" | "contentMediaType" => node.text_steps += 1,
            "uniqueItems" => node.unique = value == &Value::Bool(true),
            "enum" | "const" | "required" | "dependentRequired" => node.listed += size(value),
            _ => {}
        }
        Ok(())
    }

    fn refer(&mut self, target: &str) -> Result<NodeId, String> {
        let far = || {
            let shown: String = target.chars().take(80).collect();
            format!("it refers to `{}`, which is not in it", shown.escape_debug())
        };
        let fragment = target.strip_prefix('#').ok_or_else(far)?;
        let found = if fragment.is_empty() || fragment.starts_with('/') {
            self.root.pointer(&unescaped(fragment).ok_or_else(far)?)
        } else {
            self.anchors.get(fragment).copied()
        };
        self.enter(found.ok_or_else(far)?)
    }
}

fn members(value: &Value) -> &Map<String, Value> {
    static NONE: std::sync::LazyLock<Map<String, Value>> = std::sync::LazyLock::new(Map::new);
    value.as_object().unwrap_or(&NONE)
}

/// A fragment of an address without its percent signs.
fn unescaped(fragment: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(fragment.len());
    let mut rest = fragment.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(if byte == b'%' {
            let digits = [rest.next()?, rest.next()?];
            u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?
        } else {
            byte
        });
    }
    String::from_utf8(bytes).ok()
}

fn find_anchors<'a>(value: &'a Value, anchors: &mut HashMap<&'a str, &'a Value>) -> Result<(), String> {
    match value {
        Value::Object(words) => {
            for word in ["$anchor", "$dynamicAnchor"] {
                if let Some(Value::String(name)) = words.get(word)
                    && anchors.insert(name, value).is_some()
                {
                    return Err("it has two anchors of one name".to_owned());
                }
            }
            words.values().try_for_each(|part| find_anchors(part, anchors))
        }
        Value::Array(items) => items.iter().try_for_each(|item| find_anchors(item, anchors)),
        _ => Ok(()),
    }
}

fn deeper_than(value: &Value, levels: usize) -> bool {
    let Some(levels) = levels.checked_sub(1) else { return true };
    match value {
        Value::Object(members) => members.values().any(|part| deeper_than(part, levels)),
        Value::Array(items) => items.iter().any(|item| deeper_than(item, levels)),
        _ => false,
    }
}

/// How many values a value is made of.
pub(super) fn size(value: &Value) -> u64 {
    match value {
        Value::Object(members) => 1 + members.values().map(size).sum::<u64>(),
        Value::Array(items) => 1 + items.iter().map(size).sum::<u64>(),
        _ => 1,
    }
}
