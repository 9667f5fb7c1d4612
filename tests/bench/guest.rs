//! A host whose one agent is a guest of a few lines.

use crate::host::Host;
use anvil_sandbox::testing::GuestBuilder;
use std::path::Path;

/// Starts a host in `folder` whose one agent is this guest, and waits until the agent takes jobs.
pub(crate) async fn host_with(folder: &Path, agent: &str, guest: &str, settings: &[(&str, String)]) -> Host {
    let plugins = folder.join("plugins");
    std::fs::create_dir(&plugins).expect("a folder");
    let file = plugins.join(format!("{agent}.wasm"));
    std::fs::write(file, GuestBuilder::new(agent, guest).component()).expect("a plugin");
    let host = Host::launch(folder, settings);
    host.ready(1).await;
    host
}
