//! Alerts of the host itself: of its parts, of the plugins folder, of a job that all others wait for.

use crate::{AlertKind, Fall, JobId};

/// What people are told of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HostAlert<'a> {
    /// A part of the host fell, and begins anew.
    Fell(&'a Fall),
    /// A part of the host fell and cannot begin anew.
    Lost(&'a Fall),
    /// A job runs alone, and all others wait for it.
    RunsAlone(JobId),
    /// The plugins folder cannot be read.
    PluginsFolder {
        /// Why.
        trouble: &'a str,
    },
    /// A plugin could not be loaded by no fault of its own.
    PluginDelayed {
        /// Why; nothing where that is not known.
        why: &'a str,
    },
}

impl HostAlert<'_> {
    /// What kind of alert it is.
    pub fn kind(&self) -> AlertKind {
        match self {
            Self::Fell(_) | Self::Lost(_) => AlertKind::Host,
            Self::RunsAlone(_) => AlertKind::JobTrouble,
            Self::PluginsFolder { .. } | Self::PluginDelayed { .. } => AlertKind::Plugin,
        }
    }

    /// What stands above it.
    pub fn title(&self) -> String {
        match self {
            Self::Fell(Fall { name, .. }) => format!("A part of the host fell and began anew: {name}"),
            Self::Lost(Fall { name, .. }) => format!("The host stops: {name} cannot go on"),
            Self::RunsAlone(_) => "All jobs wait for one that runs alone".to_owned(),
            Self::PluginsFolder { .. } => "The plugins folder cannot be read".to_owned(),
            Self::PluginDelayed { .. } => "A plugin could not be loaded and is tried again".to_owned(),
        }
    }

    /// What happened, what follows, and what is to be done.
    pub fn detail(&self) -> String {
        match self {
            Self::Fell(Fall { why, .. }) => format!(
                "It ended by itself: {why}. It begins anew by itself each time, and what waited for it goes on. It is a \
                 fault of the host, of no job: please report it with the lines of the log from then."
            ),
            Self::Lost(Fall { why, .. }) => format!(
                "It ended by itself: {why}. What it knew cannot be had again, so the host stops in order; start it \
                 again. No job and no money is lost."
            ),
            Self::RunsAlone(job) => format!(
                "Job {job} was there in three crashes of the host, and runs alone until it has a new answer: nothing \
                 else begins. Cancel it to let the others go on."
            ),
            Self::PluginsFolder { trouble } => (*trouble).to_owned(),
            Self::PluginDelayed { why } => (*why).to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_that_fell_is_told_with_why_and_what_follows() {
        let fall = Fall { name: "the dispatch of jobs", why: "its work was gone".to_owned() };
        let (fell, lost) = (HostAlert::Fell(&fall), HostAlert::Lost(&fall));
        assert_eq!((fell.kind(), lost.kind()), (AlertKind::Host, AlertKind::Host));
        assert_eq!(fell.title(), "A part of the host fell and began anew: the dispatch of jobs");
        assert_eq!(lost.title(), "The host stops: the dispatch of jobs cannot go on");
        assert!(fell.detail().starts_with("It ended by itself: its work was gone. It begins anew by itself"));
        assert!(lost.detail().ends_with("start it again. No job and no money is lost."));
    }
}
