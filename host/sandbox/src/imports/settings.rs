//! `anvil:agent/settings`.

use crate::bindings::anvil::agent::settings::Host;
use crate::guest::Guest;

impl Host for Guest {
    async fn get(&mut self, key: String) -> wasmtime::Result<Option<String>> {
        Ok(self.door("settings.get")?.host.setting(&key))
    }

    async fn keys(&mut self) -> wasmtime::Result<Vec<String>> {
        Ok(self.door("settings.keys")?.host.setting_keys())
    }
}
