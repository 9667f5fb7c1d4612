//! A history of finished jobs, made up and written bare: what lists, searches and claims are measured over.

use crate::StoreError;
use crate::engine::Id;
use crate::sqlite::{connect, lock};
use anvil_types::{JobId, JobState, Timestamp};
use rusqlite::{Connection, params};
use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

/// The agents of the history; the last has one job in a thousand.
pub const AGENTS: [&str; 4] = ["code-generator", "test-automator", "design-architect", "seldom"];
/// A word of every job.
pub const COMMON: &str = "requirements";
/// A word of one job in a hundred thousand.
pub const RARE: &str = "needle";
/// Words that there are beside these.
const WORDS: u64 = 30_000;
/// Jobs in one transaction.
const BATCH: u64 = 5_000;

/// Writes so many finished jobs, a second apart, the last one at `now`, with payload and result of `size`
/// bytes each, into the database of a store that is closed.
pub fn fill(folder: &Path, jobs: u64, size: usize, now: Timestamp) -> Result<(), StoreError> {
    let db = connect::writing(&lock::database(folder))?;
    let conn = db.raw();
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    for begin in (0..jobs).step_by(usize::try_from(BATCH).unwrap_or(usize::MAX)) {
        let transaction = conn.unchecked_transaction()?;
        for number in begin..jobs.min(begin + BATCH) {
            put(&transaction, &mut dice, number, now - Duration::from_secs(jobs - number), size)?;
        }
        transaction.commit()?;
    }
    Ok(())
}

/// Takes the notes of what changed away, so that what they cost can be measured.
pub fn without_changes(folder: &Path) -> Result<(), StoreError> {
    let db = connect::writing(&lock::database(folder))?;
    let conn = db.raw();
    conn.execute_batch(
        "DROP TRIGGER jobs_changed_new; DROP TRIGGER jobs_changed_state; DROP TRIGGER jobs_changed_words;
         DROP TRIGGER jobs_changed_gone; DROP TRIGGER job_bodies_changed;",
    )?;
    Ok(())
}

fn put(
    conn: &Connection,
    dice: &mut Dice,
    number: u64,
    at: Timestamp,
    size: usize,
) -> Result<(), StoreError> {
    let agent = if number.is_multiple_of(1_000) { AGENTS[3] } else { AGENTS[dice.below(3)] };
    let state = match dice.below(100) {
        0..=91 => JobState::Succeeded,
        92..=97 => JobState::Failed,
        _ => JobState::Cancelled,
    };
    let tag = format!("team-{}", dice.below(20));
    let failed = state == JobState::Failed;
    conn.prepare_cached(
        "INSERT INTO jobs (id, agent, action, upstream, state, priority, ready_at, max_attempts, attempts, max_cost,
             tags, created_at, started_at, finished_at, lease, error_kind, error_message)
         VALUES (?1, ?2, 'run', 'simulated', ?3, ?4, ?5, 3, 1, 1000000000, ?6, ?5, ?5, ?5, 1, ?7, ?8)",
    )?
    .execute(params![
        JobId::new(at, u128::from(number)).bytes(),
        agent,
        state.name(),
        2 - u8::from(dice.below(10) == 0),
        at.micros(),
        format!("[\"{tag}\"]"),
        failed.then_some("bad-reply"),
        failed.then_some("no code in the reply"),
    ])?;
    let seq = conn.last_insert_rowid();
    let rare = if number % 100_000 == 777 { RARE } else { "plain" };
    let payload = text(dice, &format!("{{\"about\":\"{COMMON} {rare}\",\"text\":\""), size);
    let result = (state == JobState::Succeeded).then(|| text(dice, "{\"text\":\"", size));
    conn.prepare_cached("INSERT INTO job_bodies (seq, payload, result) VALUES (?1, ?2, ?3)")?
        .execute(params![seq, payload, result])?;
    conn.prepare_cached("INSERT INTO job_tags (tag, job) VALUES (?1, ?2)")?.execute(params![tag, seq])?;
    conn.prepare_cached("INSERT INTO attempts (job, number, started_at, ended_at) VALUES (?1, 1, ?2, ?2)")?
        .execute(params![seq, at.micros()])?;
    Ok(())
}

/// A JSON text of about so many bytes; some words are frequent, most are not.
fn text(dice: &mut Dice, begin: &str, size: usize) -> String {
    let mut text = begin.to_owned();
    while text.len() < size - 10 {
        // The smaller of three throws: as words of a language go, roughly.
        let word = dice.throw(WORDS).min(dice.throw(WORDS)).min(dice.throw(WORDS));
        spell(&mut text, word);
    }
    text + "\"}"
}

/// A word of three or more letters for a number, another one for each.
fn spell(text: &mut String, mut word: u64) {
    const SYLLABLES: [&str; 32] = [
        "ba", "con", "de", "er", "fo", "gar", "hi", "in", "jo", "ka", "lu", "men", "no", "or", "pre", "qui",
        "re", "sta", "ti", "un", "ver", "wi", "xe", "yo", "za", "al", "ble", "cro", "du", "en", "fi", "ton",
    ];
    for _ in 0..3 {
        let _ = text.write_str(SYLLABLES[usize::try_from(word % 32).unwrap_or(0)]);
        word /= 32;
    }
    text.push(' ');
}

/// Numbers that are the same in every run (xorshift).
#[derive(Debug)]
struct Dice(u64);

impl Dice {
    fn throw(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }

    fn below(&mut self, sides: u64) -> usize {
        usize::try_from(self.throw(sides)).unwrap_or(0)
    }
}
