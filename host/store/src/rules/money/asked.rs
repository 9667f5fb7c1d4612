//! Who asked for a call, as the ledger has it: columns beside each other, of which each kind of asker fills its own.
//!
//! They are written and read here alone. Which kind it is needs no column: a job has its id, a client its key, and the
//! host neither.

use crate::StoreError;
use crate::engine::{Id, Row, number};
use anvil_types::{Asker, JobId, Scope};

/// The columns of whoever asks, for an entry that is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct AskerColumns<'a> {
    pub(crate) job: Option<[u8; 16]>,
    pub(crate) agent: Option<&'a str>,
    pub(crate) attempt: Option<u32>,
    pub(crate) position: Option<u32>,
    pub(crate) api_key: Option<&'a str>,
    pub(crate) session: Option<&'a str>,
    pub(crate) lease: Option<i64>,
}

impl<'a> AskerColumns<'a> {
    /// A client's calls are its key's, and no agent's.
    pub(crate) fn of(asker: &'a Asker) -> Self {
        let nobody = Self {
            job: None,
            agent: None,
            attempt: None,
            position: None,
            api_key: None,
            session: None,
            lease: None,
        };
        match asker {
            Asker::Job(job) => Self {
                job: Some(job.lease.job.bytes()),
                agent: Some(&job.agent),
                attempt: Some(job.attempt),
                position: Some(job.position),
                lease: Some(number(job.lease.number)),
                ..nobody
            },
            Asker::Client(client) => {
                Self { api_key: Some(&client.api_key), session: client.session.as_deref(), ..nobody }
            }
            Asker::Host { name } => Self { agent: Some(name), ..nobody },
        }
    }

    /// The scopes that its calls fall under.
    pub(crate) fn scopes(&self) -> Vec<Scope> {
        scopes(self.agent, self.api_key)
    }
}

/// Who asked, by an entry that is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// A job.
    Job { job: JobId, agent: Option<String>, attempt: Option<u32>, position: Option<u32> },
    /// A client from outside.
    Client { api_key: String, session: Option<String> },
    /// The host itself, under a name.
    Host { name: Option<String> },
}

impl Asked {
    /// Reads the columns job, agent, attempt, position, api_key and session, of which the first is at this place.
    pub(crate) fn read(row: &Row<'_>, at: usize) -> Result<Self, StoreError> {
        let agent = row.get(at + 1)?;
        if let Some(job) = row.get::<Option<[u8; 16]>>(at)? {
            let (attempt, position) = (row.get(at + 2)?, row.get(at + 3)?);
            return Ok(Self::Job { job: JobId::from_bytes(job), agent, attempt, position });
        }
        Ok(match row.get(at + 4)? {
            Some(api_key) => Self::Client { api_key, session: row.get(at + 5)? },
            None => Self::Host { name: agent },
        })
    }

    /// The job, where one asked.
    pub(crate) fn job(&self) -> Option<JobId> {
        match self {
            Self::Job { job, .. } => Some(*job),
            Self::Client { .. } | Self::Host { .. } => None,
        }
    }

    /// The agent, or the name that stands in its place.
    pub(crate) fn agent(&self) -> Option<&str> {
        match self {
            Self::Job { agent: name, .. } | Self::Host { name } => name.as_deref(),
            Self::Client { .. } => None,
        }
    }

    /// A client's key.
    pub(crate) fn api_key(&self) -> Option<&str> {
        match self {
            Self::Client { api_key, .. } => Some(api_key),
            Self::Job { .. } | Self::Host { .. } => None,
        }
    }

    /// A client's session.
    pub(crate) fn session(&self) -> Option<&str> {
        match self {
            Self::Client { session, .. } => session.as_deref(),
            Self::Job { .. } | Self::Host { .. } => None,
        }
    }

    /// The job's attempt, and the answer's place in its journal.
    pub(crate) fn place(&self) -> (Option<u32>, Option<u32>) {
        match self {
            Self::Job { attempt, position, .. } => (*attempt, *position),
            Self::Client { .. } | Self::Host { .. } => (None, None),
        }
    }

    /// The scopes that the call falls under.
    pub(crate) fn scopes(&self) -> Vec<Scope> {
        scopes(self.agent(), self.api_key())
    }
}

/// The scopes that a call of this agent or API key falls under.
pub(crate) fn scopes(agent: Option<&str>, api_key: Option<&str>) -> Vec<Scope> {
    let mut scopes = vec![Scope::All];
    scopes.extend(agent.map(|agent| Scope::Agent(agent.to_owned())));
    scopes.extend(api_key.map(|key| Scope::ApiKey(key.to_owned())));
    scopes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::params;
    use crate::sqlite::connect;
    use anvil_types::{ClientAsker, JobAsker, Lease, Timestamp};

    fn read_back(asker: &Asker) -> Asked {
        let dir = tempfile::tempdir().expect("a folder");
        let db = connect::writing(&dir.path().join("a.db")).expect("it opens");
        let columns = AskerColumns::of(asker);
        let written = params![
            columns.job,
            columns.agent,
            columns.attempt,
            columns.position,
            columns.api_key,
            columns.session
        ];
        let asked = db.first("SELECT ?1, ?2, ?3, ?4, ?5, ?6", written, |row| Asked::read(row, 0));
        let asked = asked.expect("it is read").expect("a row");
        assert_eq!(asked.scopes(), columns.scopes(), "what is held counts where it is settled");
        asked
    }

    #[test]
    fn who_asked_is_read_as_it_was_written() {
        let job = JobId::new(Timestamp::from_secs(1_795_442_712), 7);
        let lease = Lease { job, number: 3 };
        let by_job = JobAsker { lease, agent: "writer".to_owned(), attempt: 2, position: 5 };
        assert_eq!(
            read_back(&Asker::Job(by_job)),
            Asked::Job { job, agent: Some("writer".to_owned()), attempt: Some(2), position: Some(5) }
        );
        for session in [None, Some("s".to_owned())] {
            let client = ClientAsker { api_key: "ci".to_owned(), session: session.clone() };
            let asked = read_back(&Asker::Client(client));
            assert_eq!(asked, Asked::Client { api_key: "ci".to_owned(), session });
            assert_eq!(asked.scopes(), [Scope::All, Scope::ApiKey("ci".to_owned())]);
        }
        let probe = read_back(&Asker::Host { name: "(probe)".into() });
        assert_eq!(probe, Asked::Host { name: Some("(probe)".to_owned()) });
        assert_eq!((probe.job(), probe.agent(), probe.place()), (None, Some("(probe)"), (None, None)));
    }

    #[test]
    fn a_lease_and_its_job_are_one() {
        let job = JobId::new(Timestamp::from_secs(1_795_442_712), 7);
        let lease = Lease { job, number: 3 };
        let asker = Asker::Job(JobAsker { lease, agent: "writer".to_owned(), attempt: 1, position: 0 });
        let columns = AskerColumns::of(&asker);
        assert_eq!((columns.job, columns.lease), (Some(job.bytes()), Some(3)));
    }
}
