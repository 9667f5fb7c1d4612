//! What agents keep beyond their jobs: a write and its entry in the journal are one step.

use crate::engine::{Db, Id, bad_column, number, params};
use crate::rules::audit;
use crate::rules::jobs::journal;
use crate::rules::jobs::row::JobHead;
use crate::rules::tx::Tx;
use crate::{JournalEntry, JournalKind, StateStep, StoreError};
use anvil_types::words::StateRefusal;
use anvil_types::{
    JobId, Json, StateAnswer, StateAsk, StateItem, StateKey, StatePage, StateSize, StateValue, UpstreamKind,
};

/// The answer that a place of a job's journal has.
pub(crate) const ANSWERED: &str = "SELECT answer FROM journal
    WHERE job = ?1 AND position = ?2 AND kind = ?3 AND request_hash = ?4";
/// How much an agent keeps, and the version that it was given last.
pub(crate) const USE: &str =
    "SELECT keys, bytes, version FROM agent_state_use WHERE upstream = ?1 AND agent = ?2";
/// A key's size and version.
pub(crate) const STANDS: &str =
    "SELECT size, version FROM agent_state WHERE upstream = ?1 AND agent = ?2 AND key = ?3";
/// Keys from a place on.
pub(crate) const PAGE: &str = "SELECT key, size, version, job, at FROM agent_state
    WHERE upstream = ?1 AND agent = ?2 AND key >= ?3 ORDER BY key LIMIT ?4";
/// A key's value.
pub(crate) const VALUE: &str =
    "SELECT value, version FROM agent_state WHERE upstream = ?1 AND agent = ?2 AND key = ?3";

/// Answers a question of an attempt, and journals the answer.
pub(crate) fn step(tx: &mut Tx<'_>, step: StateStep) -> Result<StateAnswer, StoreError> {
    let job = JobHead::fenced(tx, step.lease)?;
    let place = params![job.seq, step.position, JournalKind::State.name(), step.request_hash];
    if let Some(answer) = tx.first(ANSWERED, place, |row| row.structure("answer"))? {
        return Ok(answer);
    }
    let answer = Keeper { tx, agent: &job.agent, job: job.id, quota: step.quota }.answer(step.ask)?;
    let entry = JournalEntry {
        position: step.position,
        kind: JournalKind::State,
        request_hash: step.request_hash,
        answer: Json::of(&answer),
        at: step.at,
    };
    journal::put(tx, job.seq, &entry)?;
    tx.run(journal::PROGRESS, [job.seq])?;
    Ok(answer)
}

/// The state of one agent, as a job of it writes it.
struct Keeper<'a, 'b> {
    tx: &'a Tx<'b>,
    agent: &'a str,
    job: JobId,
    quota: StateSize,
}

/// What stands in a key.
#[derive(Clone, Copy)]
struct Stands {
    size: u64,
    version: u64,
}

impl Keeper<'_, '_> {
    fn answer(&self, ask: StateAsk) -> Result<StateAnswer, StoreError> {
        let (db, upstream, agent) = (self.tx.db, self.tx.policy.upstream, self.agent);
        match ask {
            StateAsk::Get { key } => Ok(StateAnswer::Value(value(db, upstream, agent, &key)?)),
            StateAsk::List { prefix, after, limit } => {
                page(db, upstream, agent, &prefix, after.as_deref(), limit).map(StateAnswer::Page)
            }
            StateAsk::Set { key, value } => self.set(&key, &value, self.stands(&key)?),
            StateAsk::CompareAndSet { key, expected, value } => {
                let stands = self.stands(&key)?;
                let current = stands.map(|stands| stands.version);
                if current != expected {
                    return Ok(StateAnswer::Refused(StateRefusal::Conflict { current }.into()));
                }
                self.set(&key, &value, stands)
            }
            StateAsk::Delete { key } => {
                let gone = take_out(self.tx, agent, &key)?;
                Ok(StateAnswer::Deleted(gone.keys > 0))
            }
        }
    }

    fn stands(&self, key: &StateKey) -> Result<Option<Stands>, StoreError> {
        self.tx.first(STANDS, [self.tx.policy.upstream.name(), self.agent, key.as_str()], |row| {
            Ok(Stands { size: row.count("size")?, version: row.count("version")? })
        })
    }

    fn set(&self, key: &StateKey, value: &[u8], stands: Option<Stands>) -> Result<StateAnswer, StoreError> {
        let upstream = self.tx.policy.upstream.name();
        let (kept, last) = kept(self.tx.db, self.tx.policy.upstream, self.agent)?.unwrap_or_default();
        let size = value.len() as u64;
        let key_bytes = key.as_str().len() as u64;
        let (keys, before, after) = match stands {
            Some(stands) => (kept.keys, stands.size, size),
            None => (kept.keys + 1, 0, key_bytes + size),
        };
        if keys > self.quota.keys && stands.is_none() {
            let refusal = StateRefusal::KeysFull { keys: kept.keys, most: self.quota.keys };
            return Ok(StateAnswer::Refused(refusal.into()));
        }
        let bytes = (kept.bytes + after).saturating_sub(before);
        // Where the quota was lowered, what makes it less is taken all the same.
        if bytes > self.quota.bytes && after > before {
            let (bytes, most, more) = (kept.bytes, self.quota.bytes, after - before);
            return Ok(StateAnswer::Refused(StateRefusal::BytesFull { bytes, most, more }.into()));
        }
        let version = last + 1;
        self.tx.run(
            "INSERT INTO agent_state (upstream, agent, key, size, version, job, at, value)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
             ON CONFLICT (upstream, agent, key) DO UPDATE SET size = excluded.size,
                 version = excluded.version, job = excluded.job, at = excluded.at, value = excluded.value",
            params![
                upstream,
                self.agent,
                key.as_str(),
                number(size),
                number(version),
                self.job.bytes(),
                self.tx.now.micros(),
                value,
            ],
        )?;
        self.tx.run(
            "INSERT INTO agent_state_use (upstream, agent, keys, bytes, version) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (upstream, agent) DO UPDATE SET
                 keys = excluded.keys, bytes = excluded.bytes, version = excluded.version",
            params![upstream, self.agent, number(keys), number(bytes), number(version)],
        )?;
        Ok(StateAnswer::Set(version))
    }
}

/// Takes a key out; answers what is gone.
fn take_out(tx: &Tx<'_>, agent: &str, key: &StateKey) -> Result<StateSize, StoreError> {
    let upstream = tx.policy.upstream.name();
    let found: Option<u64> = tx.first(STANDS, [upstream, agent, key.as_str()], |row| row.count("size"))?;
    let Some(size) = found else { return Ok(StateSize::default()) };
    let bytes = size + key.as_str().len() as u64;
    tx.run(
        "DELETE FROM agent_state WHERE upstream = ?1 AND agent = ?2 AND key = ?3",
        [upstream, agent, key.as_str()],
    )?;
    tx.run(
        "UPDATE agent_state_use SET keys = keys - 1, bytes = bytes - ?3 WHERE upstream = ?1 AND agent = ?2",
        params![upstream, agent, number(bytes)],
    )?;
    Ok(StateSize { keys: 1, bytes })
}

/// How much an agent keeps, and the version that it was given last.
fn kept(db: &Db, upstream: UpstreamKind, agent: &str) -> Result<Option<(StateSize, u64)>, StoreError> {
    db.first(USE, [upstream.name(), agent], |row| {
        let size = StateSize { keys: row.count("keys")?, bytes: row.count("bytes")? };
        Ok((size, row.count("version")?))
    })
}

/// How much an agent keeps; none where it never kept anything.
pub(crate) fn size(db: &Db, upstream: UpstreamKind, agent: &str) -> Result<Option<StateSize>, StoreError> {
    Ok(kept(db, upstream, agent)?.map(|(size, _)| size))
}

/// How much each agent keeps that has kept anything, by name.
pub(crate) fn sizes(db: &Db, upstream: UpstreamKind) -> Result<Vec<(String, StateSize)>, StoreError> {
    let select = "SELECT agent, keys, bytes FROM agent_state_use WHERE upstream = ?1 ORDER BY agent";
    db.all(select, [upstream.name()], |row| {
        Ok((row.get("agent")?, StateSize { keys: row.count("keys")?, bytes: row.count("bytes")? }))
    })
}

/// Keys of an agent that begin with `prefix`, behind `after`.
pub(crate) fn page(
    db: &Db,
    upstream: UpstreamKind,
    agent: &str,
    prefix: &str,
    after: Option<&str>,
    limit: u32,
) -> Result<StatePage, StoreError> {
    // Those with one beginning stand together, since keys are in the order of their bytes.
    let from = after.map_or(prefix, |after| after.max(prefix));
    let most = limit as usize;
    // One more to begin behind, and one to know whether there is more.
    let rows = params![upstream.name(), agent, from, i64::from(limit) + 2];
    let found = db.all(PAGE, rows, |row| {
        Ok(StateItem {
            key: row.get::<String>("key")?.parse().map_err(|error: StateRefusal| bad_column("key", error))?,
            size: row.count("size")?,
            version: row.count("version")?,
            job: row.id("job")?,
            written_at: row.time("at")?,
        })
    })?;
    let behind = |item: &StateItem| after.is_none_or(|after| item.key.as_str() > after);
    let mut items: Vec<_> = found
        .into_iter()
        .filter(behind)
        .take_while(|item| item.key.as_str().starts_with(prefix))
        .take(most + 1)
        .collect();
    let more = items.len() > most;
    items.truncate(most);
    let next = items.last().filter(|_| more).map(|item| item.key.as_str().to_owned());
    Ok(StatePage { items, next })
}

/// A value of an agent.
pub(crate) fn value(
    db: &Db,
    upstream: UpstreamKind,
    agent: &str,
    key: &StateKey,
) -> Result<Option<StateValue>, StoreError> {
    db.first(VALUE, [upstream.name(), agent, key.as_str()], |row| {
        Ok(StateValue { value: row.get("value")?, version: row.count("version")? })
    })
}

/// Clears a key of an agent, or all of them; answers what is gone. Versions go on from where they were.
pub(crate) fn clear(
    tx: &mut Tx<'_>,
    agent: &str,
    key: Option<&StateKey>,
    by: &str,
) -> Result<StateSize, StoreError> {
    let upstream = tx.policy.upstream;
    if let Some(key) = key {
        let gone = take_out(tx, agent, key)?;
        if gone.keys > 0 {
            audit::note(tx, by, "state.clear", &format!("{agent}: the key `{key}`, {} bytes", gone.bytes))?;
        }
        return Ok(gone);
    }
    let gone = size(tx.db, upstream, agent)?.unwrap_or_default();
    tx.run("DELETE FROM agent_state WHERE upstream = ?1 AND agent = ?2", [upstream.name(), agent])?;
    tx.run(
        "UPDATE agent_state_use SET keys = 0, bytes = 0 WHERE upstream = ?1 AND agent = ?2",
        [upstream.name(), agent],
    )?;
    audit::note(tx, by, "state.clear", &format!("{agent}: {} keys, {} bytes", gone.keys, gone.bytes))?;
    Ok(gone)
}
