//! The host of one run: a simulator, a store and a gateway on one clock, and a day of jobs.

use crate::mix::DayJob;
use crate::saving::{Saves, config, limits};
use crate::scene::{Setting, store};
use crate::step_clock::{SimSide, StepClock};
use crate::upstream::upstream;
use anvil_gateway::Gateway;
use anvil_sim::{Sim, SimHandle};
use anvil_store::Store;
use anvil_types::{Clock, JobId, Limits, Timestamp};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tempfile::TempDir;
use tokio::sync::Notify;

/// A Monday.
const BEGINS: &str = "2026-11-23T00:00:00Z";

pub(crate) struct DayHost {
    pub(crate) sim: SimHandle,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) gateway: Gateway,
    pub(crate) clock: Arc<StepClock>,
    pub(crate) limits: Limits,
    pub(crate) day: Arc<Vec<DayJob>>,
    /// When the day began.
    pub(crate) began: Timestamp,
    /// A slot came free.
    pub(crate) freed: Notify,
    /// All jobs have ended.
    pub(crate) over: Notify,
    running: AtomicU32,
    counts: Counts,
    known: Mutex<HashMap<JobId, usize>>,
    took: Mutex<Vec<(usize, Duration)>>,
    _folder: TempDir,
}

/// What the runner counts.
#[derive(Debug, Default)]
struct Counts {
    parks: AtomicUsize,
    refused: AtomicUsize,
    repairs: AtomicUsize,
}

impl DayHost {
    pub(crate) async fn start(saves: Saves, times: u32, day: Arc<Vec<DayJob>>) -> Arc<Self> {
        let began: Timestamp = BEGINS.parse().expect("a time");
        let clock = Arc::new(StepClock::at(began));
        let limits = limits(times);
        let setting = Setting {
            sim: upstream(&limits),
            limits: limits.clone(),
            clock: clock.clone(),
            ..Setting::script(r#"{"items": []}"#)
        };
        let sim = Sim::start_with_clock(setting.sim.clone(), Arc::new(SimSide(clock.clone()))).await;
        let sim = sim.expect("a simulator");
        let folder = TempDir::new().expect("a folder");
        let store = store(folder.path(), &limits, &setting.clock);
        let config = config(saves, times, &setting, sim.base_url());
        let gateway = Gateway::start(config, store.clone(), clock.clone()).await.expect("a gateway");
        Arc::new(Self {
            sim,
            store,
            gateway,
            clock,
            limits,
            day,
            began,
            freed: Notify::new(),
            over: Notify::new(),
            running: AtomicU32::new(0),
            counts: Counts::default(),
            known: Mutex::default(),
            took: Mutex::default(),
            _folder: folder,
        })
    }

    /// How many jobs have a slot.
    pub(crate) fn running(&self) -> u32 {
        self.running.load(Ordering::Relaxed)
    }

    pub(crate) fn starts(&self) {
        self.running.fetch_add(1, Ordering::Relaxed);
    }

    /// A job's attempt ends, and its slot is free.
    pub(crate) fn leaves(&self) {
        self.running.fetch_sub(1, Ordering::Relaxed);
        self.freed.notify_one();
    }

    /// A job of the day is this one in the store.
    pub(crate) fn comes_as(&self, id: JobId, number: usize) {
        lock(&self.known).insert(id, number);
    }

    /// Which job of the day it is.
    pub(crate) fn number(&self, id: JobId) -> usize {
        lock(&self.known)[&id]
    }

    /// A job has ended.
    pub(crate) fn ended(&self, number: usize) {
        let took = self.clock.now().since(self.began + self.day[number].comes);
        let mut all = lock(&self.took);
        all.push((number, took));
        if all.len() == self.day.len() {
            self.over.notify_one();
        }
    }

    /// How long the jobs took that have ended, by their numbers, from when they came.
    pub(crate) fn took(&self) -> Vec<(usize, Duration)> {
        lock(&self.took).clone()
    }

    pub(crate) fn parked(&self) {
        self.counts.parks.fetch_add(1, Ordering::Relaxed);
    }

    /// How often a job was parked.
    pub(crate) fn parks(&self) -> usize {
        self.counts.parks.load(Ordering::Relaxed)
    }

    pub(crate) fn refuses(&self) {
        self.counts.refused.fetch_add(1, Ordering::Relaxed);
    }

    /// How often a job was refused since the queue was full.
    pub(crate) fn refused(&self) -> usize {
        self.counts.refused.load(Ordering::Relaxed)
    }

    pub(crate) fn repairs(&self) {
        self.counts.repairs.fetch_add(1, Ordering::Relaxed);
    }

    /// How many replies were asked about again.
    pub(crate) fn repaired(&self) -> usize {
        self.counts.repairs.load(Ordering::Relaxed)
    }
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}
