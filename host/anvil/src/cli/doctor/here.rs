//! What can be seen without a host: settings, environment, files.

use super::super::Globals;
use super::finding::{Finding, How};
use crate::{connect, log, serve};
use anvil_settings::{Settings, UpstreamConfig};
use anvil_types::{Clock as _, SystemClock, UpstreamKind};
use std::collections::BTreeMap;
use std::fs;
use std::io::Read as _;
use std::path::Path;

type Env = BTreeMap<String, String>;

/// What of the environment keeps calls to Claude from getting through, in a sentence.
pub(crate) fn trouble(env: &Env) -> Option<String> {
    certificates(env).filter(|finding| finding.how == How::Wrong).map(|finding| finding.what)
}

/// A proxy that is set and cannot be used: calls would go past it, key and all.
pub(crate) fn bad_proxy(env: &Env) -> Option<String> {
    proxies(env).filter(|finding| finding.how == How::Wrong).map(|finding| finding.what)
}

/// Variables of other Claude tools that Anvil reads too.
const READ: [&str; 3] = ["ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_BASE_URL"];
const PROXIES: [&str; 4] = ["HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY"];

pub(super) fn look(globals: &Globals, env: &Env) -> Vec<Finding> {
    let mut found = vec![levels(env)];
    match connect::settings(globals) {
        Err(error) => {
            found.extend(error.to_string().lines().map(|line| Finding::wrong("settings", line)));
            found.push(Finding::look("upstream", "not looked at: the settings come first"));
        }
        Ok(settings) => {
            found.push(Finding::good("settings", format!("preset {}", settings.preset)));
            found.extend(upstream(&settings, env));
            found.extend(prices(&settings));
            found.extend([data(&settings.data.dir), plugins(&settings.plugins.dir)]);
        }
    }
    found.extend(others(env));
    found
}

fn levels(env: &Env) -> Finding {
    let wish = env.get("ANVIL_LOG").map_or("", String::as_str);
    match log::check(wish) {
        Err(error) => Finding::wrong("log", error),
        Ok(()) if wish.is_empty() => Finding::good("log", "the level info, on standard error"),
        Ok(()) => Finding::good("log", format!("ANVIL_LOG={wish}, on standard error")),
    }
}

fn upstream(settings: &Settings, env: &Env) -> Vec<Finding> {
    let config = match UpstreamConfig::choose(settings, |name| env.get(name).cloned()) {
        Err(error) => return vec![Finding::wrong("upstream", error.to_string())],
        Ok(config) => config,
    };
    let Some(config) = config else {
        let what = "SIMULATED: neither a key nor an address is set, so the built-in simulator answers";
        return vec![Finding::good("upstream", what)];
    };
    let what = match config.kind {
        UpstreamKind::Live => {
            format!("live at {}, with {}; calls cost money", config.shown_url(), config.credential.variable())
        }
        UpstreamKind::Simulated => format!("SIMULATED at {}, as `upstream.kind` says", config.shown_url()),
    };
    let mut found = vec![Finding::good("upstream", what)];
    found.extend(config.notes.iter().map(|note| Finding::look("upstream", note)));
    found.extend(proxies(env));
    found.extend(certificates(env));
    found
}

fn proxies(env: &Env) -> Option<Finding> {
    let given = |name: &str| {
        let value = env.get(name).or_else(|| env.get(&name.to_ascii_lowercase()))?;
        Some(value.trim()).filter(|value| !value.is_empty())
    };
    let set: Vec<_> = PROXIES.into_iter().filter(|name| given(name).is_some()).collect();
    // The value may have a password in it, so it is not shown.
    let wrong = set.iter().find(|name| **name != "NO_PROXY" && !given(name).is_some_and(is_proxy));
    if let Some(name) = wrong {
        let what = format!(
            "{name} is no address of a proxy that can be used, as http://proxy.example:3128 is: calls would go past it"
        );
        return Some(Finding::wrong("proxy", what));
    }
    (!set.is_empty()).then(|| {
        let what = format!(
            "{} count for calls to Claude, but not for loopback. Webhooks are sent without: a proxy would connect to \
             an address that nobody judged",
            set.join(", ")
        );
        Finding::look("proxy", what)
    })
}

fn is_proxy(value: &str) -> bool {
    let url = if value.contains("://") { value.to_owned() } else { format!("http://{value}") };
    reqwest::Url::parse(&url).is_ok_and(|url| {
        url.has_host() && matches!(url.scheme(), "http" | "https") && !value.contains(char::is_whitespace)
    })
}

fn certificates(env: &Env) -> Option<Finding> {
    let Some(file) = env.get("SSL_CERT_FILE") else {
        let node = env.get("NODE_EXTRA_CA_CERTS")?;
        let what = format!("NODE_EXTRA_CA_CERTS is for Node alone; for Anvil set SSL_CERT_FILE={node}");
        return Some(Finding::look("certificates", what));
    };
    Some(match fs::read_to_string(file) {
        Err(error) => Finding::wrong("certificates", format!("SSL_CERT_FILE={file} cannot be read: {error}")),
        Ok(text) if !text.contains("-----BEGIN CERTIFICATE-----") => Finding::wrong(
            "certificates",
            format!("SSL_CERT_FILE={file} has no certificate in it (PEM is wanted)"),
        ),
        Ok(_) => Finding::good("certificates", format!("those of SSL_CERT_FILE={file}")),
    })
}

fn prices(settings: &Settings) -> Vec<Finding> {
    let table = match serve::prices(settings) {
        Err(error) => return vec![Finding::wrong("prices", format!("{error:#}"))],
        Ok(table) => table,
    };
    let from = match &settings.prices.file {
        Some(file) => format!("{} over the built-in ones", file.display()),
        None => "built in".to_owned(),
    };
    let mut found = vec![Finding::good("prices", format!("of {} models, {from}", table.models().len()))];
    let problems = settings.unpriced_models(&table, SystemClock::new().now());
    found.extend(problems.iter().map(|problem| Finding::wrong("models", problem.to_string())));
    if problems.is_empty() {
        let models = settings.models.models().map(|(_, model)| model);
        found.push(Finding::good("models", models.join(", ")));
    }
    found
}

fn data(dir: &Path) -> Finding {
    let shown = dir.display();
    match fs::metadata(dir) {
        Ok(found) if !found.is_dir() => Finding::wrong("data", format!("{shown} is no folder")),
        // Writing a trial into a folder of data would be no mere look.
        Ok(found) if found.permissions().readonly() => {
            Finding::wrong("data", format!("{shown} cannot be written to"))
        }
        Ok(_) => inside(dir).unwrap_or_else(|| Finding::good("data", shown.to_string())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Finding::good("data", format!("{shown}, which the first start makes"))
        }
        Err(error) => Finding::wrong("data", format!("{shown} cannot be read: {error}")),
    }
}

/// What is wrong with the files in a data folder, as far as a look can tell.
fn inside(dir: &Path) -> Option<Finding> {
    /// How a database of SQLite begins. Source: "Database File Format", 1.3.
    const MAGIC: &[u8] = b"SQLite format 3\0";
    let token = dir.join(serve::data::TOKEN_FILE);
    if let Ok(text) = fs::read_to_string(&token)
        && !text.trim().is_empty()
        && let Err(error) = serve::data::checked(text.trim(), &token)
    {
        return Some(Finding::wrong("data", error.to_string()));
    }
    let database = dir.join("anvil.db");
    let mut start = [0; 16];
    let whole = fs::File::open(&database).and_then(|mut file| file.read_exact(&mut start));
    match whole {
        Ok(()) if start == MAGIC => None,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        // A host that was killed as it made it leaves it empty.
        Err(_) if fs::metadata(&database).is_ok_and(|file| file.is_file() && file.len() == 0) => None,
        Ok(()) | Err(_) => {
            Some(Finding::wrong("data", format!("{} is no database of Anvil's", database.display())))
        }
    }
}

fn plugins(dir: &Path) -> Finding {
    let shown = dir.display();
    match fs::read_dir(dir) {
        Err(error) => {
            Finding::wrong("plugins", format!("{shown} cannot be read: {error}; no agent would be there"))
        }
        Ok(entries) => {
            let wasm =
                |path: &Path| path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("wasm"));
            match entries.flatten().filter(|entry| wasm(&entry.path())).count() {
                0 => Finding::look("plugins", format!("{shown} has no .wasm file in it: there is no agent")),
                files => Finding::good("plugins", format!("{shown}, with {files} .wasm files")),
            }
        }
    }
}

/// Variables that look as if they were for Anvil, and are not read.
fn others(env: &Env) -> Option<Finding> {
    let unread = env.keys().filter(|name| name.starts_with("ANTHROPIC_") && !READ.contains(&name.as_str()));
    let names = unread.map(String::as_str).collect::<Vec<_>>().join(", ");
    (!names.is_empty()).then(|| {
        Finding::look(
            "environment",
            format!("not read by Anvil: {names}; its own settings say what is meant"),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env(pairs: &[(&str, &str)]) -> Env {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    fn settings() -> Settings {
        Settings::load(&anvil_settings::LoadOptions::default()).expect("good settings")
    }

    fn told(found: &[Finding]) -> Vec<(How, &str)> {
        found.iter().map(|finding| (finding.how, finding.what.as_str())).collect()
    }

    #[test]
    fn an_upstream_is_told_with_what_is_nearly_right_and_without_its_secrets() {
        let found = upstream(
            &settings(),
            &env(&[
                ("ANTHROPIC_BASE_URL", "http://me:secret-pw@claude.example/v1"),
                ("ANTHROPIC_AUTH_TOKEN", "tok-secret"),
                ("https_proxy", "http://me:secret-pw@proxy.example"),
                ("NODE_EXTRA_CA_CERTS", "/etc/ca.pem"),
            ]),
        );
        let text = format!("{:?}", told(&found));
        for part in [
            "live at http://claude.example, with ANTHROPIC_AUTH_TOKEN",
            "ends in /v1, which Anvil adds by itself",
            "in the clear",
            "HTTPS_PROXY count for calls to Claude",
            "set SSL_CERT_FILE=/etc/ca.pem",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert!(!text.contains("secret"), "{text}");
        assert!(trouble(&env(&[("SSL_CERT_FILE", "/nowhere.pem")])).is_some());
        for odd in ["127.0.0.1 : x", "zz zz", "ftp://proxy.example", "socks9://proxy.example", "http://"] {
            let told = bad_proxy(&env(&[("HTTPS_PROXY", odd)])).expect(odd);
            assert!(told.starts_with("HTTPS_PROXY is no address"), "{told}");
        }
        assert_eq!(bad_proxy(&env(&[("https_proxy", "proxy.example:3128"), ("NO_PROXY", "* x")])), None);
        let found = upstream(&settings(), &env(&[("ANTHROPIC_API_KEY", "a\nb")]));
        assert_eq!(told(&found)[0].0, How::Wrong);
        let found = upstream(&settings(), &env(&[]));
        assert!(
            matches!(told(&found)[..], [(How::Good, what)] if what.starts_with("SIMULATED")),
            "{found:?}"
        );
    }

    #[test]
    fn folders_files_and_variables_are_looked_at() {
        let dir = tempfile::tempdir().expect("a folder");
        assert_eq!(data(&dir.path().join("new")).how, How::Good);
        assert_eq!(plugins(&dir.path().join("new")).how, How::Wrong);
        assert_eq!(plugins(dir.path()).how, How::Look);
        std::fs::write(dir.path().join("a.WASM"), "").expect("written");
        assert_eq!(plugins(dir.path()).how, How::Good);
        let kept = dir.path().join("data");
        std::fs::create_dir(&kept).expect("made");
        for (name, text, how) in [
            ("token", "hello\nworld, and more", How::Wrong),
            ("token", "0123456789abcdef", How::Good),
            ("anvil.db", "no database here", How::Wrong),
            ("anvil.db", "", How::Good),
        ] {
            std::fs::write(kept.join(name), text).expect("written");
            assert_eq!(data(&kept).how, how, "{name}: {text}");
        }
        let file = dir.path().join("a.WASM");
        assert_eq!(data(&file).how, How::Wrong);
        let path = file.display().to_string();
        assert_eq!(certificates(&env(&[("SSL_CERT_FILE", &path)])).expect("a finding").how, How::Wrong);
        assert!(
            others(&env(&[("ANTHROPIC_MODEL", "x")])).expect("a finding").what.contains("ANTHROPIC_MODEL")
        );
        assert_eq!(others(&env(&[("ANTHROPIC_API_KEY", "x")])), None);
        assert_eq!(levels(&env(&[("ANVIL_LOG", "loud")])).how, How::Wrong);
    }
}
