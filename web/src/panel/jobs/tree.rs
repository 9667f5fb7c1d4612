//! The tree that a job stands in, with the money of each branch.

use crate::panel::kit::money::Money;
use crate::panel::kit::pill::Pill;
use anvil_types::{Branch, JobId};
use askama::Template;
use askama::filters::HtmlSafe;

/// The tree, as a table.
#[derive(Template)]
#[template(path = "jobs/tree.html")]
pub(crate) struct Tree {
    branches: Vec<Line>,
}

impl HtmlSafe for Tree {}

/// A job of it.
struct Line {
    id: String,
    name: String,
    pill: Pill,
    /// Whether it is the job whose page this is.
    this: bool,
    /// As deep as it stands.
    indent: String,
    own: Money,
    held: Option<Money>,
    below: Option<Money>,
    cap: Money,
}

impl Tree {
    /// The tree of a job; none where it stands alone.
    pub(crate) fn new(job: JobId, branches: &[Branch]) -> Option<Self> {
        let line = |branch: &Branch| Line {
            id: branch.id.to_string(),
            name: format!("{} / {}", branch.agent, branch.action),
            pill: branch.state.into(),
            this: branch.id == job,
            indent: match branch.depth {
                0 => String::new(),
                deep => format!("{}└ ", "\u{2003}".repeat(deep as usize - 1)),
            },
            own: branch.cost.into(),
            held: (branch.held.get() > 0).then(|| branch.held.into()),
            below: (branch.below.get() > 0).then(|| branch.below.into()),
            cap: branch.max_cost.into(),
        };
        (!branches.is_empty()).then(|| Self { branches: branches.iter().map(line).collect() })
    }
}
