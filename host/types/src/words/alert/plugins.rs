//! Plugins that cannot be had, by no fault of their own.

use super::AlertKey;
use super::text::AlertText;
use crate::UpstreamKind;
use crate::words::short;

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

/// A version of an agent was set aside since so many jobs broke on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AgentQuarantined<'a> {
    /// The agent.
    pub agent: &'a str,
    /// The version, as the plugin says it.
    pub version: &'a str,
    /// Its digest.
    pub digest: &'a str,
    /// Why.
    pub reason: &'a str,
    /// The version that takes over and its digest; none where there is none.
    pub instead: Option<(&'a str, &'a str)>,
}

impl AlertText for AgentQuarantined<'_> {
    fn key(&self, upstream: UpstreamKind) -> AlertKey<'_> {
        AlertKey::Quarantine { upstream, agent: self.agent }
    }

    fn title(&self) -> String {
        format!("A version of the agent `{}` is in quarantine", self.agent)
    }

    fn detail(&self) -> String {
        let then = match self.instead {
            Some((version, digest)) => {
                format!("version {version} ({}) is in force in its place", short(digest))
            }
            None => "no earlier version is kept, so its jobs wait".to_owned(),
        };
        let (agent, reason, version, digest) = (self.agent, self.reason, self.version, short(self.digest));
        format!(
            "Version {version} ({digest}) is set aside: {reason}; {then}. A new file or `anvil agents release {agent}` ends that."
        )
    }
}

/// Two files say that they are one agent, and one of them is it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NameTaken<'a> {
    /// The agent.
    pub agent: &'a str,
    /// The file that is not in force.
    pub file: &'a str,
    /// Which one is, and with which version.
    pub why: &'a str,
}

impl AlertText for NameTaken<'_> {
    fn key(&self, _: UpstreamKind) -> AlertKey<'_> {
        AlertKey::Shadowed(self.file)
    }

    fn title(&self) -> String {
        format!("Two files say that they are the agent `{}`", self.agent)
    }

    fn detail(&self) -> String {
        let (agent, file, why) = (self.agent, self.file, self.why);
        format!(
            "`{file}` is not in force: {why}. The one in force has the settings of `{agent}`, what it keeps and whom it may \
             hand work to; where you did not put it there, look at where it comes from."
        )
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
