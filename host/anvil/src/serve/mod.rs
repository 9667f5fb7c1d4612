//! `anvil serve`: puts the rooms of the house together and runs them until told to stop.

pub(crate) mod data;
mod open_files;
pub(crate) mod parts;
pub(crate) mod planned;
mod plugins;
mod signals;
mod simulator;

use anvil_alerts::{Deliverer, DelivererParts};
use anvil_budget::PriceTable;
use anvil_control::{Control, ControlParts};
use anvil_gateway::Gateway;
use anvil_runner::{Runner, RunnerParts};
use anvil_sandbox::{Catalog, EngineCount, Roster, Sandbox};
use anvil_settings::{HardLimits, Settings, SettingsError, UpstreamConfig};
use anvil_store::{LimitsInForce, SqliteOptions, SqliteStore, Store};
use anvil_types::{BootId, Clock, DrivenClock, End, Fall, HostId, Supervisor, SystemClock, UpstreamKind};
use anvil_web::{Token, WebConfig, WebState};
use anyhow::Context as _;
pub(crate) use parts::{prices, reachable};
use rand::RngExt as _;
use signals::Signals;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use tokio::sync::watch;

/// The exit of a host that a second signal stopped, as shells have it for Ctrl-C.
const STOPPED_AT_ONCE: i32 = 130;

/// How long a message to a webhook that is on its way may take when the host stops; it is sent again at
/// the next start.
const DELIVERY_PATIENCE: Duration = Duration::from_secs(2);

/// How long the plugins folder may take to be listed before the panel's link is printed all the same.
const LISTING_PATIENCE: Duration = Duration::from_secs(2);

/// Runs the host. `upstream` is whom it asks; none is the built-in simulator.
#[expect(clippy::too_many_lines, reason = "the rooms of the house, put together in their order")]
pub(crate) async fn run(settings: Settings, upstream: Option<UpstreamConfig>) -> anyhow::Result<()> {
    // From here on a signal is heard: whatever takes long at a start is stopped in order.
    open_files::raise();
    let mut signals = Signals::listen().context("signals cannot be heard")?;
    // The port first: a second host must not touch the data before it finds the port taken.
    let listener = listen(&settings).await?;
    let address = listener.local_addr()?;
    for note in upstream.iter().flat_map(|upstream| &upstream.notes) {
        tracing::warn!("{note}");
    }
    let begun = Instant::now();
    tracing::info!(
        version = env!("CARGO_PKG_VERSION"),
        pid = std::process::id(),
        data = shown(&settings.data.dir),
        plugins = shown(&settings.plugins.dir),
        preset = %settings.preset,
        "starting"
    );
    let folder = settings.data.dir.clone();
    data::keep_private(&folder);
    let kind = upstream.as_ref().map_or(UpstreamKind::Simulated, |upstream| upstream.kind);
    let clock = SystemClock::not_before(SqliteStore::ledger_time(&folder, kind)?);
    let prices = Arc::new(parts::prices(&settings)?);
    // Only with the simulator may anyone drive the clock.
    let (clock, driven): (Arc<dyn Clock>, _) = match kind {
        UpstreamKind::Live => (Arc::new(clock), None),
        UpstreamKind::Simulated => {
            let driven = Arc::new(DrivenClock::new(clock));
            (driven.clone(), Some(driven))
        }
    };
    let supervisor = Supervisor::new();
    let store = open_store(&settings, kind, clock.clone(), prices.clone(), supervisor.clone())?;
    let store: Arc<dyn Store> = Arc::new(store);
    let token = data::token(&folder)?;
    crate::log::hide(&token);
    let built_in = upstream.is_none();
    let upstream = match upstream {
        Some(upstream) => upstream,
        None => UpstreamConfig::simulated(simulator::start(&settings, clock.clone(), &supervisor)?),
    };
    let planned = planned::plan_settings(&settings, prices.clone());
    let config = parts::gateway(&settings, &upstream, prices, &supervisor);
    let gateway = Gateway::start(config, store.clone(), clock.clone()).await?;
    let problems = settings.unpriced_models(&gateway.prices(), clock.now());
    if !problems.is_empty() {
        return Err(SettingsError { problems }.into());
    }
    // The store has logged what it has to tell.
    let mut told = store.told_at_start();
    for note in exposed(&settings, address).into_iter().chain(no_folder(&settings.plugins.dir)) {
        tracing::warn!("{note}");
        told.push(note);
    }
    let sandbox =
        Sandbox::new(parts::sandbox(&settings, EngineCount::Nothing), tokio::runtime::Handle::current())?;
    let catalog = Catalog::start(sandbox.clone(), parts::catalog(&settings, clock.clone(), &supervisor)?)?;
    let runner = Runner::start(RunnerParts {
        settings: parts::runner(&settings, kind),
        store: store.clone(),
        gateway: gateway.clone(),
        sandbox,
        catalog: catalog.clone(),
        clock: clock.clone(),
        supervisor: supervisor.clone(),
    })
    .await?;
    let control = Control::start(&ControlParts {
        settings: parts::control(&settings, kind, planned),
        store: store.clone(),
        gateway,
        catalog: catalog.clone(),
        clock: clock.clone(),
        driven,
        supervisor: supervisor.clone(),
        runner: runner.clone(),
    });
    let panel_url = parts::panel_url(&settings, address);
    let links = parts::links(&settings);
    let parts =
        DelivererParts { store: store.clone(), clock, panel_url, links, supervisor: supervisor.clone() };
    let deliverer = Deliverer::start(parts)?;
    let (stop, stopped) = watch::channel(false);
    let config = WebConfig {
        token: Token::new(&token),
        listen: address,
        allowed_hosts: parts::allowed_hosts(&settings),
        public_url: settings.server.public_url.as_ref().map(anvil_settings::PublicUrl::origin),
        max_body_bytes: usize::try_from(settings.server.max_body_bytes).unwrap_or(usize::MAX),
        upstream: kind,
    };
    let state = WebState::new(Arc::new(control), config, stopped.clone());
    let listener = listener.into_std()?;
    let web = supervisor
        .keep("the panel and the API", move || faces(listener.try_clone(), state.clone(), stopped.clone()));
    // Nothing waits for a compilation; a folder on a disk that does not answer keeps nobody from the panel.
    let _ = tokio::time::timeout(LISTING_PATIENCE, catalog.ready()).await;
    let link = format!("http://{}/login?token={token}", parts::reachable(address));
    let in_force = store.limits().await?;
    let standing = Standing { limits: &in_force, recovered: store.recovered(), told: &told };
    let agents = catalog.agents();
    let said = banner(&settings, &upstream, built_in, &agents, &standing, &link);
    tell(&mut std::io::stdout(), &said);
    let ready = agents.iter().filter(|agent| agent.state == anvil_types::AgentState::Ready).count();
    tracing::info!(
        %address,
        upstream = kind.name(),
        agents_ready = ready,
        agents_not_ready = agents.len() - ready,
        recovered = ?store.recovered(),
        took_ms = millis(begun),
        "ready"
    );
    let lost = tokio::select! {
        () = signals.next() => None,
        lost = supervisor.until_lost() => Some(lost),
    };
    let stopping = Instant::now();
    match &lost {
        None => tracing::info!("stopping: told to by a signal"),
        Some(fall) => {
            tracing::error!(part = fall.name, why = fall.why, "stopping: a part of the host is lost");
        }
    }
    crate::log::say(
        "Stopping: what is short ends, what runs on is given back to the queue, and calls under way are settled. \
         A second signal stops at once.\n",
    );
    tokio::spawn(async move {
        signals.next().await;
        tracing::warn!("stopped at once: told to by a second signal");
        crate::log::say(
            "Stopped at once: calls under way are counted as unknown at the next start; no job is lost.\n",
        );
        crate::log::flush();
        std::process::exit(STOPPED_AT_ONCE);
    });
    // Waiting for the last open connection of a panel would hold the end up.
    let _ = stop.send(true);
    // An alert of a call that still ends is told of at the next start.
    deliverer.stop(DELIVERY_PATIENCE).await;
    let patience = Duration::from_secs(settings.server.stop_patience_s);
    runner.shutdown(patience, |stopping| tell(&mut std::io::stderr(), &format!("{stopping}\n"))).await;
    let _ = tokio::time::timeout(Duration::from_secs(2), web).await;
    tracing::info!(took_ms = millis(stopping), "stopped");
    match lost {
        None => Ok(()),
        Some(Fall { name, why }) => anyhow::bail!(
            "the host stopped by itself: {name} could not go on ({why}). Start it again: no job and no money is lost"
        ),
    }
}

// One life of the panel and the API.
async fn faces(
    listener: std::io::Result<std::net::TcpListener>,
    state: WebState,
    stopped: watch::Receiver<bool>,
) -> End {
    match listener.and_then(TcpListener::from_std) {
        Ok(listener) => anvil_web::serve(listener, state, open_files::connections()).await,
        Err(error) => tracing::error!(%error, "the panel and the API cannot be served"),
    }
    if *stopped.borrow() { End::Asked } else { End::Unexpected("it accepts no connections any more") }
}

/// What there is to say of an address that others can reach too.
fn exposed(settings: &Settings, address: SocketAddr) -> Option<String> {
    let behind_tls =
        settings.server.public_url.as_ref().is_some_and(|url| url.origin().starts_with("https://"));
    (!address.ip().is_loopback() && !behind_tls).then(|| {
        format!(
            "{address} can be reached by others, and nothing that they send or see is encrypted: put TLS in front of \
             it and say so by server.public_url (docs/operating.md)"
        )
    })
}

/// What there is to say of a plugins folder that is not there yet.
fn no_folder(folder: &std::path::Path) -> Option<String> {
    (!folder.exists())
        .then(|| format!("the plugins folder {} was not there; it is made, and empty", shown(folder)))
}

fn millis(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX)
}

async fn listen(settings: &Settings) -> anyhow::Result<TcpListener> {
    let address = settings.server.listen;
    TcpListener::bind(address).await.map_err(|error| match error.kind() {
        std::io::ErrorKind::AddrInUse => anyhow::anyhow!(
            "{address} is in use by another program, perhaps another anvil; stop it, or listen elsewhere: \
             anvil serve --listen {}:{}",
            address.ip(),
            address.port().wrapping_add(1).max(1024)
        ),
        _ => anyhow::anyhow!("cannot listen on {address}: {error}"),
    })
}

/// Opens the store in the data folder, which is one upstream's.
pub(crate) fn open_store(
    settings: &Settings,
    kind: UpstreamKind,
    clock: Arc<dyn Clock>,
    prices: Arc<PriceTable>,
    supervisor: Supervisor,
) -> anyhow::Result<SqliteStore> {
    let now = clock.now();
    let options = SqliteOptions {
        folder: settings.data.dir.clone(),
        clock,
        limits: settings.limits.clone(),
        rule: Arc::new(HardLimits::of(settings)),
        prices,
        marks: data::marks(),
        windows: anvil_budget::Windows::new(settings.time.zone.clone()),
        upstream: kind,
        max_attempts: parts::attempts(settings),
        shares: parts::shares(settings),
        new_host: HostId::new(now, rand::rng().random()),
        boot: BootId::new(now, rand::rng().random()),
        supervisor,
    };
    Ok(SqliteStore::open(options)?)
}

// A host runs on when nobody reads what it says.
fn tell(to: &mut dyn std::io::Write, said: &str) {
    let _ = to.write_all(said.as_bytes()).and_then(|()| to.flush());
}

/// What the banner tells of the store.
struct Standing<'a> {
    limits: &'a LimitsInForce,
    recovered: anvil_store::Recovered,
    told: &'a [String],
}

/// Which of the limits in force are not the settings'.
fn changed(limits: &LimitsInForce) -> String {
    let names: Vec<_> = limits.changes.iter().map(|(name, _, _)| name.as_str()).collect();
    if names.is_empty() {
        return String::new();
    }
    format!(" (changed at run time: {}; `anvil limits` shows all)", names.join(", "))
}

fn banner(
    settings: &Settings,
    upstream: &UpstreamConfig,
    built_in: bool,
    agents: &Roster,
    standing: &Standing<'_>,
    link: &str,
) -> String {
    let plugins = format!("{} ({})", shown(&settings.plugins.dir), plugins::standing(agents));
    let asked = match (upstream.kind, built_in) {
        (UpstreamKind::Live, _) => format!("{} (live: calls cost money)", upstream.shown_url()),
        (UpstreamKind::Simulated, true) => "SIMULATED: no ANTHROPIC_API_KEY is set, so a built-in stand-in \
            answers, and nothing costs money"
            .to_owned(),
        (UpstreamKind::Simulated, false) => format!("SIMULATED at {}", upstream.shown_url()),
    };
    let notes = upstream.notes.iter().map(|note| format!("            ({note})"));
    let limits = &standing.limits.limits;
    let mut lines = vec![
        format!("anvil {}", env!("CARGO_PKG_VERSION")),
        format!("  data      {}", shown(&settings.data.dir)),
        format!("  plugins   {plugins}"),
        format!("  upstream  {asked}"),
    ];
    lines.extend(notes);
    lines.push(format!(
        "  budget    {} an hour, {} a day, {} a month{}",
        limits.hour_usd,
        limits.day_usd,
        limits.month_usd,
        changed(standing.limits)
    ));
    lines.extend(standing.told.iter().map(|sentence| format!("  note      {sentence}")));
    let recovered = standing.recovered;
    if recovered != anvil_store::Recovered::default() {
        lines.push(format!(
            "  recovered {} jobs put back into the queue, {} failed as poison, {} calls of unknown outcome \
             counted as spent",
            recovered.requeued, recovered.poisoned, recovered.unknown_holds
        ));
    }
    lines.extend([
        String::new(),
        format!("  panel     {link}"),
        String::new(),
        "Ctrl-C stops it.\n".to_owned(),
    ]);
    lines.join("\n")
}

fn shown(path: &std::path::Path) -> String {
    std::path::absolute(path).unwrap_or_else(|_| PathBuf::from(path)).display().to_string()
}
