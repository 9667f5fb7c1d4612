//! Plugins that cannot be had, by no fault of their own.

use super::AlertKey;
use super::text::AlertText;
use crate::UpstreamKind;

/// The plugins folder cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PluginsFolderGone<'a> {
    /// Why.
    pub trouble: &'a str,
}

impl AlertText for PluginsFolderGone<'_> {
    fn key(&self, _: UpstreamKind) -> AlertKey<'_> {
        AlertKey::PluginsFolder
    }

    fn title(&self) -> String {
        "The plugins folder cannot be read".to_owned()
    }

    fn detail(&self) -> String {
        self.trouble.to_owned()
    }
}

/// A plugin could not be loaded by no fault of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PluginDelayed<'a> {
    /// Its file.
    pub file: &'a str,
    /// Why; nothing where that is not known.
    pub why: &'a str,
}

impl AlertText for PluginDelayed<'_> {
    fn key(&self, _: UpstreamKind) -> AlertKey<'_> {
        AlertKey::Plugin(self.file)
    }

    fn title(&self) -> String {
        "A plugin could not be loaded and is tried again".to_owned()
    }

    fn detail(&self) -> String {
        self.why.to_owned()
    }
}
