//! The schema of an action's payload, compiled once and kept with its plugin.

use super::{Outline, STEPS, patterns, work};
use anvil_types::{Json, clip};
use jsonschema::error::ValidationErrorKind;
use jsonschema::{ValidationError, Validator};
use serde_json::Value;
use std::sync::OnceLock;

/// The most places of a payload that are named.
const MOST_MISSES: usize = 20;
/// From this many steps on, the first place that does not fit is named alone: the others may be a million.
const MANY_STEPS: u64 = 100_000;
/// Levels of recursion that fit into any thread's stack.
const USUAL_LEVELS: usize = 192;
/// A stack for all levels that a payload and a schema can have together.
const LARGE_STACK: usize = 128 * 1024 * 1024;

/// The schema of an action's payload.
#[derive(Debug)]
pub struct InputSchema {
    text: Json,
    compiled: OnceLock<Result<Compiled, String>>,
}

/// A place of a payload that does not fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchemaMiss {
    /// JSON pointer to the value (RFC 6901); empty for the whole.
    pub pointer: String,
    /// What is wrong with it; bounded in length.
    pub message: String,
}

/// Why a payload is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PayloadFault {
    /// It does not match.
    #[error("the payload does not match")]
    Misses(Vec<SchemaMiss>),
    /// To find out would take too long.
    #[error(
        "the payload cannot be checked: with this agent's schema that would take more than {STEPS} steps; send \
         a smaller one, or ask the agent's author for a simpler schema"
    )]
    TooMuch,
    /// It cannot be read.
    #[error("the payload cannot be read: {0}")]
    Unreadable(String),
    /// The schema itself is none that this host uses.
    #[error("the agent's schema is itself wrong: {0}")]
    Schema(String),
}

impl InputSchema {
    /// The schema in this text. It is compiled when it is first needed; see [`prepare`](Self::prepare).
    pub fn new(text: Json) -> Self {
        Self { text, compiled: OnceLock::new() }
    }

    /// Compiles it now. Not on a thread that others wait for.
    pub fn prepare(&self) {
        let _ = self.compiled();
    }

    fn compiled(&self) -> Result<&Compiled, PayloadFault> {
        let compiled = self.compiled.get_or_init(|| {
            // Compiling recurses by the schema's depth, as often as it refers on.
            let compiled = on_large_stack(|| Compiled::new(self.text.as_str()));
            compiled.unwrap_or_else(|| Err("it cannot be looked at just now".to_owned()))
        });
        compiled.as_ref().map_err(|why| PayloadFault::Schema(why.clone()))
    }

    /// Checks a payload. That takes up to a second: not on a thread that others wait for.
    pub fn check(&self, payload: &Json) -> Result<(), PayloadFault> {
        self.check_within(payload, STEPS)
    }

    /// Checks a payload where that takes a hundredth of a second at most; none where it takes longer.
    pub fn check_quickly(&self, payload: &Json) -> Option<Result<(), PayloadFault>> {
        match self.check_within(payload, MANY_STEPS) {
            Err(PayloadFault::TooMuch) => None,
            checked => Some(checked),
        }
    }

    fn check_within(&self, payload: &Json, steps: u64) -> Result<(), PayloadFault> {
        let compiled = self.compiled()?;
        let value: Value = serde_json::from_str(payload.as_str())
            .map_err(|error| PayloadFault::Unreadable(error.to_string()))?;
        let work = work::count(&compiled.outline, &value, steps).map_err(|_| PayloadFault::TooMuch)?;
        let levels = work.depth.saturating_mul(compiled.outline.chain);
        let misses = if levels <= USUAL_LEVELS {
            compiled.misses(&value, work.steps)
        } else {
            on_large_stack(|| compiled.misses(&value, work.steps)).ok_or(PayloadFault::TooMuch)?
        };
        if misses.is_empty() { Ok(()) } else { Err(PayloadFault::Misses(misses)) }
    }
}

/// Works on a stack that is large enough; none where there is no thread to be had, or the work panics.
fn on_large_stack<T: Send>(work: impl FnOnce() -> T + Send) -> Option<T> {
    let large = std::thread::Builder::new().name("anvil-schema".to_owned()).stack_size(LARGE_STACK);
    std::thread::scope(|scope| large.spawn_scoped(scope, work).ok()?.join().ok())
}

/// A schema that was found to be bounded, ready to be asked.
#[derive(Debug)]
pub(super) struct Compiled {
    outline: Outline,
    validator: Validator,
}

impl Compiled {
    pub(super) fn new(text: &str) -> Result<Self, String> {
        let schema: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
        let outline = Outline::of(&schema)?;
        // A payload's own text is never compiled as a pattern.
        let options = patterns::largest().with_format("regex", |_: &str| true);
        let validator = options.build(&schema).map_err(|error| clip(&error.to_string()))?;
        Ok(Self { outline, validator })
    }

    fn misses(&self, payload: &Value, steps: u64) -> Vec<SchemaMiss> {
        if self.validator.is_valid(payload) {
            return Vec::new();
        }
        let mut misses: Vec<SchemaMiss> = if steps > MANY_STEPS {
            self.validator.validate(payload).err().iter().flat_map(named).take(MOST_MISSES).collect()
        } else {
            let errors = self.validator.iter_errors(payload);
            errors.flat_map(|error| named(&error)).take(MOST_MISSES).collect()
        };
        misses.sort_by(|one, other| one.pointer.cmp(&other.pointer));
        misses
    }
}

// A field that is missing, or one too many, is named itself, not the object that it belongs into.
fn named(error: &ValidationError<'_>) -> Vec<SchemaMiss> {
    let place = error.instance_path().to_string();
    let field = |name: &str, message: &str| SchemaMiss {
        pointer: format!("{place}/{}", clip(name).replace('~', "~0").replace('/', "~1")),
        message: message.to_owned(),
    };
    match error.kind() {
        ValidationErrorKind::Required { property } => {
            vec![field(property.as_str().unwrap_or_default(), "is required")]
        }
        ValidationErrorKind::AdditionalProperties { unexpected } => {
            let names = unexpected.iter().take(MOST_MISSES);
            names.map(|name| field(name, "is no field of the schema")).collect()
        }
        _ => vec![SchemaMiss { message: clip(&error.to_string()), pointer: place }],
    }
}
