//! The embedded store: SQLite in the data folder.
//!
//! One thread writes ([`writer`]), with group commit and `synchronous=FULL`; a pool of connections reads
//! beside it ([`readers`]). Every operation is a function on the writer's transaction in a file of its
//! own; [`operations`] is the list of them.

mod actions;
mod alerts;
mod artifacts;
mod audit;
#[cfg(feature = "bench")]
pub mod bare;
mod brake;
mod claim;
mod columns;
mod connect;
mod correct;
mod edit;
mod enqueue;
mod evaluate;
mod events;
#[cfg(test)]
mod faults;
mod finish;
mod held;
#[cfg(feature = "bench")]
pub mod history;
mod hold;
mod import;
mod job_row;
mod journal;
mod keep;
mod ledger;
#[cfg(test)]
mod ledger_tests;
mod limits;
mod lock;
mod logs;
mod mark;
mod migrate;
mod moves;
mod operations;
mod options;
mod parents;
mod pause;
#[cfg(test)]
mod plans;
mod policy;
mod prices;
mod prune;
mod queries;
mod readers;
mod recovery;
mod schedules;
mod scope_limits;
mod search;
mod settle;
mod spend;
mod tx;
mod usage;
mod usage_hours;
mod verify;
mod wal_file;
mod wall_clock;
mod webhooks;
mod week;
mod writer;

pub use options::SqliteOptions;

use crate::{Recovered, StoreError};
use anvil_budget::{BrakeCause, Windows};
use anvil_types::{Clock, HostId, Timestamp, UpstreamKind};
use columns::{Id, meta, set_meta};
use events::EventOrder;
use lock::DataFolder;
use mark::Mark;
use policy::Policy;
use readers::Readers;
use rusqlite::Connection;
use search::Search;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use tokio::sync::{mpsc, oneshot};
use tx::Tx;
use writer::{Message, Shared, Writer};

/// How many commands may queue before whoever sends another has to wait.
const INBOX: usize = 1_024;

/// The store in a SQLite file.
///
/// Dropping it ends the writer, after what was sent to it is durable, and lets the folder's lock go.
#[derive(Debug)]
pub struct SqliteStore {
    // Gone once the store is being dropped.
    inbox: Option<mpsc::Sender<Message>>,
    readers: Readers,
    shared: Arc<Shared>,
    clock: Arc<dyn Clock>,
    windows: Windows,
    upstream: UpstreamKind,
    host: HostId,
    recovered: Recovered,
    search: Search,
    writer: Mutex<Option<JoinHandle<()>>>,
}

impl SqliteStore {
    /// Opens the store: takes the folder's lock, brings the schema up to date, ends what the host's
    /// earlier lives left behind. Blocks for as long as that takes.
    pub fn open(options: SqliteOptions) -> Result<Self, StoreError> {
        migrate::check_library()?;
        let folder = DataFolder::lock(&options.folder)?;
        let database = folder.database();
        let mut conn = connect::writing(&database)?;
        migrate::migrate(&mut conn, &folder, options.clock.now())?;
        let host = host_id(&conn, options.new_host)?;
        let stored_time = writer::stored_ledger_time(&conn)?;
        let mut policy =
            Policy::new(host, options.boot, options.upstream, options.windows.clone(), options.limits);
        let mut order = EventOrder::load(&conn)?;
        let mark = Mark::read(&options.folder);
        let now = options.clock.now().max(stored_time).max(mark.at());
        let restored =
            (stored_time < mark.at()).then(|| brake::restored(&policy, stored_time, mark.at(), now));
        let recovered = begin(&mut conn, now, &mut policy, &mut order, restored)?;
        if recovered != Recovered::default() {
            tracing::warn!(?recovered, "the last run of this host did not end in order");
        }
        let shared = Arc::new(Shared::new(&policy, now));
        let (inbox, commands) = mpsc::channel(INBOX);
        let writer = Writer {
            conn,
            clock: options.clock.clone(),
            policy,
            shared: shared.clone(),
            order,
            _folder: folder,
            stored_time: now,
            mark,
            stale: false,
        };
        let thread = std::thread::Builder::new()
            .name("anvil-store".into())
            .spawn(move || writer.work(commands))
            .map_err(|error| StoreError::Backend(Box::new(error)))?;
        let search = Search::start(database.clone(), search::file(&options.folder), inbox.downgrade())?;
        Ok(Self {
            inbox: Some(inbox),
            readers: Readers::new(database),
            shared,
            clock: options.clock,
            windows: options.windows,
            upstream: options.upstream,
            host,
            recovered,
            search,
            writer: Mutex::new(Some(thread)),
        })
    }

    /// The latest time that the database in this folder has seen: the clock that the store is given must
    /// not start before it. The beginning of time where there is no database.
    pub fn ledger_time(folder: &Path) -> Result<Timestamp, StoreError> {
        let database = lock::database(folder);
        let marked = Mark::read(folder).at();
        if !database.is_file() {
            return Ok(marked);
        }
        let conn = connect::reading(&database)?;
        let made: bool =
            conn.query_row("SELECT count(*) FROM sqlite_schema WHERE name = 'meta'", [], |row| row.get(0))?;
        let stored = if made { writer::stored_ledger_time(&conn)? } else { Timestamp::default() };
        Ok(stored.max(marked))
    }

    /// This host: the same over restarts with the same folder.
    pub fn host(&self) -> HostId {
        self.host
    }

    /// Ledger time now: the clock's, but never earlier than any transaction's.
    fn now(&self) -> Timestamp {
        self.clock.now().max(self.shared.ledger_time())
    }

    /// Runs a command in the next commit; answers after it.
    async fn write<T, F>(&self, run: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&mut Tx<'_>) -> Result<T, StoreError> + Send + 'static,
    {
        let inbox = self.inbox.as_ref().ok_or(StoreError::Closed)?;
        let (message, answer) = writer::command(run);
        inbox.send(message).await.map_err(|_| StoreError::Closed)?;
        answer.await.map_err(|_| StoreError::Closed)?
    }

    async fn end(&self) {
        let (done, ended) = oneshot::channel();
        if let Some(inbox) = &self.inbox
            && inbox.send(Message::Close(done)).await.is_ok()
        {
            // An error says that the writer has ended already.
            let _ = ended.await;
        }
    }
}

impl Drop for SqliteStore {
    fn drop(&mut self) {
        // It may be waiting for the writer.
        self.search.stop();
        drop(self.inbox.take());
        let thread = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        // The folder is free for another host when this returns.
        if let Some(thread) = thread
            && thread.join().is_err()
        {
            tracing::error!("the store's writer ended by a fault");
        }
    }
}

fn host_id(conn: &Connection, new: HostId) -> Result<HostId, StoreError> {
    if let Some(bytes) = meta::<[u8; 16]>(conn, "host_id")? {
        return Ok(HostId::from_bytes(bytes));
    }
    set_meta(conn, "host_id", new.bytes())?;
    Ok(new)
}

/// The first transaction of a life.
fn begin(
    conn: &mut Connection,
    now: Timestamp,
    policy: &mut Policy,
    order: &mut EventOrder,
    restored: Option<BrakeCause>,
) -> Result<Recovered, StoreError> {
    let transaction = conn.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    policy.reload(&transaction)?;
    let mut news = Vec::new();
    let mut tx = Tx::new(&transaction, now, policy, &mut news);
    let recovered = recovery::recover(&mut tx)?;
    if let Some(cause) = restored {
        tracing::error!(reason = %cause.reason, "the database is older than the folder's mark");
        brake::engage(&mut tx, cause)?;
    }
    order.write(&transaction, now, &mut news)?;
    set_meta(&transaction, writer::LEDGER_TIME, now.micros())?;
    transaction.commit()?;
    policy.touched = false;
    Ok(recovered)
}
