//! The embedded store: SQLite in the data folder.
//!
//! One thread writes ([`writer`]), with group commit and `synchronous=FULL`; a pool of connections reads
//! beside it ([`readers`]). Every operation is a function on the writer's transaction, in `rules`, or a read, in
//! `reading`; `roles` is the list of them.

#[cfg(any(test, feature = "bench"))]
pub mod bare;
pub(crate) mod connect;
#[cfg(test)]
pub(crate) mod faults;
mod high_water_mark;
#[cfg(feature = "bench")]
pub mod history;
pub(crate) mod lock;
pub(crate) mod migrate;
#[cfg(test)]
mod old_folders;
mod options;
#[cfg(test)]
mod owed;
mod plan;
pub(crate) mod readers;
mod roles;
mod start;
mod wipe;
pub(crate) mod writer;

pub use options::SqliteOptions;

use crate::engine::{Db, Id, meta, params, set_meta};
use crate::rules::events::EventOrder;
use crate::rules::money::ledger_time;
use crate::rules::policy::Policy;
use crate::rules::tx::Tx;
use crate::search::{self, Search};
use crate::{JobFilter, Recovered, StoreError};
use anvil_budget::{LimitsRule, Windows};
use anvil_types::{Clock, HostId, Limits, Timestamp, UpstreamKind};
use high_water_mark::Mark;
use lock::DataFolder;
use readers::Readers;
use start::Start;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use tokio::sync::{mpsc, oneshot};
use writer::{Course, Message, Shared, Writer};

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
    began: Timestamp,
    told: Vec<String>,
    base: Limits,
    rule: Arc<dyn LimitsRule>,
    search: Search,
    writer: Mutex<Option<JoinHandle<()>>>,
}

impl SqliteStore {
    /// Opens the store: takes the folder's lock, brings the schema up to date, ends what the host's
    /// earlier lives left behind. Blocks for as long as that takes.
    pub fn open(options: SqliteOptions) -> Result<Self, StoreError> {
        Self::open_told(options, None)
    }

    /// Opens the store as one of several hosts at once, without the folder's lock: for the laws of two hosts.
    #[cfg(any(test, feature = "conformance"))]
    pub fn open_beside(options: SqliteOptions, host: HostId) -> Result<Self, StoreError> {
        Self::open_told(options, Some(host))
    }

    fn open_told(options: SqliteOptions, beside: Option<HostId>) -> Result<Self, StoreError> {
        let path = options.folder.clone();
        let folder = path.display().to_string();
        Self::open_folder(options, beside).map_err(|error| match error {
            StoreError::DiskFull => StoreError::Folder {
                folder,
                message: "its disk is full. Free some space there, and start again; nothing is lost"
                    .to_owned(),
            },
            StoreError::DiskFails(why) => StoreError::Folder {
                folder,
                message: format!("its disk is full or failing ({why}). Look at the disk, and start again"),
            },
            // What is damaged within shows only where it is read.
            other => lock::no_database(&path, other),
        })
    }

    // `beside` is who it is where it is one of several hosts.
    fn open_folder(options: SqliteOptions, beside: Option<HostId>) -> Result<Self, StoreError> {
        migrate::check_library()?;
        let folder = match beside {
            Some(_) => DataFolder::share(&options.folder)?,
            None => DataFolder::lock(&options.folder)?,
        };
        let database = folder.database();
        let db = connect::writing(&database).map_err(|error| lock::no_database(&options.folder, error))?;
        migrate::migrate(&db, &folder, options.clock.now())?;
        let host = match beside {
            Some(host) => host,
            None => host_id(&db, options.new_host)?,
        };
        let upstream = options.upstream;
        let mut policy = Policy::new(
            host,
            options.boot,
            upstream,
            options.windows.clone(),
            options.limits.clone(),
            options.rule.clone(),
            options.max_attempts,
        );
        policy.shares = options.shares;
        let mut order = EventOrder::load(&db)?;
        let mark = Mark::read(&options.folder, options.marks.as_deref(), &host.to_string(), upstream);
        let start = Start::of(&db, &mark, options.clock.now(), upstream)?;
        let now = start.now;
        let (recovered, told) = start.begin(&db, &mut policy, &mut order, &options.prices)?;
        let mut mark = mark;
        mark.begin(start.lives, now);
        if recovered != Recovered::default() {
            tracing::warn!(?recovered, "the last run of this host did not end in order");
        }
        for sentence in &told {
            tracing::warn!("{sentence}");
        }
        let shared = Arc::new(Shared::new(&policy, now));
        let (inbox, commands) = mpsc::channel(INBOX);
        let writer = Writer {
            db,
            clock: options.clock.clone(),
            policy,
            shared: shared.clone(),
            order,
            _folder: folder,
            stored_time: now,
            mark,
            stale: false,
            others: if beside.is_some() { writer::Others::Since(None) } else { writer::Others::None },
            life: options.supervisor.life("the writer of the store"),
        };
        let supervisor = options.supervisor.clone();
        let thread = std::thread::Builder::new()
            .name("anvil-store".into())
            .spawn(move || {
                if catch_unwind(AssertUnwindSafe(|| writer.work(commands))).is_err() {
                    // What it knew by heart is gone with it, and so are the commands that it had taken.
                    supervisor.lost("the writer of the store", "a fault of the host; the log has its place");
                }
            })
            .map_err(|error| StoreError::Backend(Box::new(error)))?;
        let life = options.supervisor.life("the search index");
        let index = search::file(&options.folder, beside);
        let search = Search::start(database.clone(), index, inbox.downgrade(), life)?;
        Ok(Self {
            inbox: Some(inbox),
            readers: Readers::new(database),
            shared,
            clock: options.clock,
            windows: options.windows,
            upstream: options.upstream,
            host,
            recovered,
            began: now,
            told,
            base: options.limits,
            rule: options.rule,
            search,
            writer: Mutex::new(Some(thread)),
        })
    }

    /// The latest time that an upstream's ledger in this folder has seen: the clock that the store is given must
    /// not start before it. The beginning of time where there is none, or where a person set it back.
    pub fn ledger_time(folder: &Path, upstream: UpstreamKind) -> Result<Timestamp, StoreError> {
        let database = lock::database(folder);
        if !database.is_file() {
            return Ok(Timestamp::default());
        }
        let db = connect::reading(&database).map_err(|error| lock::no_database(folder, error))?;
        let select = "SELECT count(*) FROM sqlite_schema WHERE name = 'meta'";
        let made: bool =
            db.one(select, params![], |row| row.get(0)).map_err(|error| lock::no_database(folder, error))?;
        if made { ledger_time::floor(&db, upstream) } else { Ok(Timestamp::default()) }
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
    pub(crate) async fn write<T, F>(&self, run: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&mut Tx<'_>) -> Result<T, StoreError> + Send + 'static,
    {
        self.run(run, Course::Shared).await
    }

    /// What many jobs are to suffer at once concerns those of the upstream that is asked now.
    fn of_this_upstream(&self, filter: JobFilter) -> JobFilter {
        JobFilter { upstream: filter.upstream.or(Some(self.upstream)), ..filter }
    }

    /// The same, in a commit of its own: for what writes much.
    async fn write_alone<T, F>(&self, run: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&mut Tx<'_>) -> Result<T, StoreError> + Send + 'static,
    {
        self.run(run, Course::Alone).await
    }

    /// The same, with others; where nothing else waits it answers before the commit is synced, which follows at once.
    async fn write_early<T, F>(&self, run: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&mut Tx<'_>) -> Result<T, StoreError> + Send + 'static,
    {
        self.run(run, Course::Early).await
    }

    async fn run<T, F>(&self, run: F, course: Course) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&mut Tx<'_>) -> Result<T, StoreError> + Send + 'static,
    {
        let inbox = self.inbox.as_ref().ok_or(StoreError::Closed)?;
        let (message, answer) = writer::command(run, course);
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

fn host_id(db: &Db, new: HostId) -> Result<HostId, StoreError> {
    if let Some(bytes) = meta::<[u8; 16]>(db, "host_id")? {
        return Ok(HostId::from_bytes(bytes));
    }
    set_meta(db, "host_id", new.bytes())?;
    Ok(new)
}
