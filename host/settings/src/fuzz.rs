//! Settings files as nobody would write them.

use crate::layers::Layers;
use crate::{Settings, SettingsError};
use anvil_fuzz::Driver;

/// What came of a file.
fn load(bytes: &[u8]) -> Result<Settings, SettingsError> {
    let settings = Layers::with_file(bytes).and_then(|layers| Settings::of(&layers));
    match &settings {
        // Whatever is taken makes sense as a whole, and is shown as it would be read again.
        Ok(settings) => {
            let limits = crate::check_limits(&settings.limits, &settings.pace, settings.preset);
            assert!(limits.is_empty(), "{limits:?}");
            assert!(settings.limits.hour_usd > anvil_types::Nanodollars::ZERO);
            assert!(
                settings.entries().iter().all(|entry| toml::from_str::<toml::Table>(&format!(
                    "v = {}",
                    entry.value
                ))
                .is_ok())
            );
        }
        Err(error) => assert!(!error.problems.is_empty() && error.to_string().len() < 1 << 20),
    }
    settings
}

const FILES: Driver<Result<Settings, SettingsError>> = Driver {
    corpus: &[
        b"preset = \"max-100\"\n[limits]\nhour_usd = 2.5\nday_usd = 20\nagents_min = 2\nagents_max = 6\n",
        b"[server]\nlisten = \"localhost:9000\"\nallowed_hosts = [\"a.example\", \"b\"]\npublic_url = \"https://a.example\"\n",
        b"[time]\nzone = \"Europe/Berlin\"\n[log]\nformat = \"json\"\n[jobs]\nmax_attempts = 5\nbackoff_s = 0.5\n",
        b"[models]\nhaiku = \"claude-haiku-5-5\"\nsimple = \"opus\"\n[upstream]\nkind = \"simulated\"\nretries = 0\n",
        b"[agents.code-generator]\nwall_s = 900\nmax_output_tokens = 16000\nsettings = { language = \"python\" }\n",
        include_bytes!("../../../docs/anvil.example.toml"),
    ],
    words: &[
        "[limits]", "[agents.x]", "day_usd = ", "agents_max = ", "preset = \"unlimited-dev\"", "= true", "= [1]", "= {}",
        "= 2026-11-28", "= 0x10", "= inf", "= nan", "\"\"\"", "[[limits]]", "limits.day_usd = 1", "#", "= -1", "_usd",
    ],
    run: load,
};

#[test]
fn no_file_breaks_the_settings() {
    FILES.run();
}

#[test]
fn a_fault_planted_in_the_settings_is_found() {
    // As if nobody looked whether more agents are always on than there may be.
    FILES.finds(|read| {
        let problems = read.as_ref().err().map(ToString::to_string).unwrap_or_default();
        problems.contains("under the preset") || problems.contains("above `limits.agents_max`")
    });
}
