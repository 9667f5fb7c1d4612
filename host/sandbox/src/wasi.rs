//! WASI 0.2 as a guest finds it: an empty world. No arguments, environment, files or sockets; standard
//! input is at its end, unless the guest speaks in lines; the clocks move only at host calls; random numbers follow from the job.

use crate::door::Door;
use crate::output::Output;
use crate::{JobHost, SandboxError};
use anvil_types::Timestamp;
use rand_core::TryRng;
use std::convert::Infallible;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use wasmtime::component::Linker;
use wasmtime_wasi::cli::{StdinStream, StdoutStream};
use wasmtime_wasi::{HostMonotonicClock, HostWallClock, WasiCtx, WasiCtxBuilder, WasiView};

/// The most random bytes that one call gives.
const MAX_RANDOM: u64 = 1024 * 1024;

/// What the monotonic clock shows first. Go's runtime takes a zero for a broken clock.
const MONOTONIC_START: Duration = Duration::from_secs(1);

/// Links all of WASI 0.2; what it gives is decided by [`empty_world`].
pub(crate) fn link<T: WasiView>(linker: &mut Linker<T>) -> Result<(), SandboxError> {
    wasmtime_wasi::p2::add_to_linker_async(linker).map_err(SandboxError::engine)
}

/// What one attempt finds. Without a host (while a plugin describes itself) time stands at 1970 and
/// the seed is that of no job.
pub(crate) fn empty_world(
    door: &Door,
    stdin: impl StdinStream + 'static,
    stdout: impl StdoutStream + 'static,
    stderr: Output,
) -> WasiCtx {
    let (host, seed) = (door.host(), door.seed());
    let clock = GuestClock { host: host.cloned(), began: OnceLock::new() };
    let monotonic = GuestClock { host: host.cloned(), began: OnceLock::new() };
    if let Some(host) = host {
        let _ = monotonic.began.set(host.guest_time());
    }
    let mut builder = WasiCtxBuilder::new();
    builder
        .allow_blocking_current_thread(false)
        .allow_tcp(false)
        .allow_udp(false)
        .allow_ip_name_lookup(false)
        .stdin(stdin)
        .stdout(stdout)
        .stderr(stderr)
        .wall_clock(clock)
        .monotonic_clock(monotonic)
        .secure_random(JobRandom::new(seed, "secure"))
        .insecure_random(JobRandom::new(seed, "insecure"))
        .insecure_random_seed(JobRandom::new(seed, "seed").number())
        .max_random_size(MAX_RANDOM);
    builder.build()
}

/// Shows the journalled time: a replay sees the same, and there is nothing to measure neighbours with.
struct GuestClock {
    host: Option<Arc<dyn JobHost>>,
    began: OnceLock<Timestamp>,
}

impl GuestClock {
    fn time(&self) -> Timestamp {
        self.host.as_ref().map_or_else(Timestamp::default, |host| host.guest_time())
    }
}

impl HostWallClock for GuestClock {
    fn resolution(&self) -> Duration {
        Duration::from_micros(1)
    }

    fn now(&self) -> Duration {
        self.time().since(Timestamp::default())
    }
}

impl HostMonotonicClock for GuestClock {
    fn resolution(&self) -> u64 {
        1_000
    }

    fn now(&self) -> u64 {
        let now = self.time();
        let began = *self.began.get_or_init(|| now);
        u64::try_from((MONOTONIC_START + now.since(began)).as_nanos()).unwrap_or(u64::MAX)
    }
}

/// Random numbers that follow from the job's id alone, the same in every attempt and after every
/// resume. BLAKE3's output stream is specified, so a newer host goes on with the same numbers.
struct JobRandom(blake3::OutputReader);

impl JobRandom {
    fn new(job: u128, stream: &str) -> Self {
        let mut hasher = blake3::Hasher::new_derive_key("anvil 2026 random numbers of a job");
        hasher.update(&job.to_le_bytes()).update(stream.as_bytes());
        Self(hasher.finalize_xof())
    }

    fn number(mut self) -> u128 {
        let mut bytes = [0; 16];
        self.0.fill(&mut bytes);
        u128::from_le_bytes(bytes)
    }
}

impl TryRng for JobRandom {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.0.fill(&mut bytes);
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.0.fill(&mut bytes);
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        self.0.fill(bytes);
        Ok(())
    }
}
