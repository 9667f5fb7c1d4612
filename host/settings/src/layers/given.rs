//! What the layers come to.

use crate::preset::Preset;
use crate::source::Source;
use crate::value::Raw;
use std::collections::BTreeMap;

/// A value and where it came from.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Given {
    pub(crate) raw: Raw,
    pub(crate) source: Source,
}

/// For each path the value that wins.
pub(crate) struct Layers {
    pub(crate) preset: Preset,
    pub(crate) given: BTreeMap<String, Given>,
}
