//! `anvil serve`.

use super::Globals;
use crate::connect::{flag, load};
use crate::failure::{Exit, Failure};
use anvil_settings::{Settings, UpstreamConfig};
use anvil_types::UpstreamKind;
use clap::Args;
use std::path::PathBuf;

/// The host asks the API where ANTHROPIC_API_KEY or ANTHROPIC_AUTH_TOKEN is set (and
/// ANTHROPIC_BASE_URL, if it is another server's); without any of them the built-in simulator, which
/// costs nothing.
#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    /// The plugins folder.
    #[arg(long, value_name = "DIR")]
    plugins: Option<PathBuf>,
    /// The address and port to listen on.
    #[arg(long, value_name = "ADDR")]
    listen: Option<String>,
    /// The set of defaults: max-100, max-200, api-start, api-build or unlimited-dev.
    #[arg(long, value_name = "NAME")]
    preset: Option<String>,
    /// Any setting, as in --set limits.day_usd=20; can be given several times.
    #[arg(long, value_name = "KEY=VALUE", value_parser = pair)]
    set: Vec<(String, String)>,
}

/// Splits `key=value`.
pub(super) fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.trim().is_empty() => Ok((key.trim().to_owned(), value.to_owned())),
        _ => Err("a name, `=` and a value are expected, as in limits.day_usd=20".to_owned()),
    }
}

impl ServeArgs {
    /// The settings with these flags over them.
    fn settings(&self, globals: &Globals) -> Result<Settings, Failure> {
        let path = |path: &PathBuf| path.display().to_string();
        let named = [
            ("preset", self.preset.clone(), "--preset"),
            ("data.dir", globals.data.as_ref().map(path), "--data"),
            ("plugins.dir", self.plugins.as_ref().map(path), "--plugins"),
            ("server.listen", self.listen.clone(), "--listen"),
        ];
        let named = named.into_iter().filter_map(|(key, value, name)| Some(flag(key, &value?, name)));
        let set = self.set.iter().map(|(key, value)| flag(key, value, "--set"));
        load(globals, set.chain(named).collect())
    }

    pub(crate) async fn run(&self, globals: &Globals) -> Result<Exit, Failure> {
        let settings = self.settings(globals)?;
        crate::log::start(settings.log.format, std::env::var("ANVIL_LOG").ok().as_deref())?;
        for name in ["ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"] {
            crate::log::hide(&std::env::var(name).unwrap_or_default());
        }
        let env = crate::connect::environment();
        let mut upstream = UpstreamConfig::choose(&settings, |name| env.get(name).cloned())?;
        // A simulator is on this machine: no proxy and no certificate stands between.
        if let Some(live) = upstream.as_mut().filter(|upstream| upstream.kind == UpstreamKind::Live) {
            if let Some(bad) = super::doctor::here::bad_proxy(&env) {
                return Err(Failure::Usage(bad));
            }
            live.notes.extend(super::doctor::here::trouble(&env));
        }
        crate::serve::run(settings, upstream).await?;
        Ok(Exit::Done)
    }
}
