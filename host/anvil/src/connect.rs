//! Where the host is, and the token that opens it.

use crate::cli::Globals;
use crate::cli::source::PipeWait;
use crate::client::Client;
use crate::failure::Failure;
use anvil_settings::{LoadOptions, Secret, Settings};
use reqwest::Url;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// A client for the host that the options, the environment and the settings name.
///
/// The address: `--url`, `ANVIL_URL`, or the settings' `server.listen`. The token: `ANVIL_TOKEN`, or the
/// file `token` in the data folder. That file opens the host on this machine: it is sent nowhere else,
/// unless `--data` names it.
pub(crate) fn connect(globals: &Globals) -> Result<Client, Failure> {
    let url = match &globals.url {
        Some(url) => parse(url)?,
        None => local(settings(globals)?.server.listen)?,
    };
    let token = match env("ANVIL_TOKEN") {
        Some(token) if !token.chars().all(|c| c.is_ascii_graphic()) => {
            return Err(Failure::Usage(
                "ANVIL_TOKEN has a blank, a line break or a foreign character in it, which no token has"
                    .to_owned(),
            ));
        }
        Some(token) => Some(Secret::new(token)),
        None if globals.data.is_some() || is_loopback(&url) => token_file(globals)?,
        None => None,
    };
    Client::new(url, token)
}

/// The settings as `anvil serve` would read them here, with `--data` over them.
pub(crate) fn settings(globals: &Globals) -> Result<Settings, Failure> {
    let flags =
        globals.data.iter().map(|dir| flag("data.dir", &dir.display().to_string(), "--data")).collect();
    load(globals, flags)
}

/// The settings with these flags over them. Of a settings file that is a pipe it is told that it is waited for.
pub(crate) fn load(globals: &Globals, flags: Vec<(String, String, String)>) -> Result<Settings, Failure> {
    let options = load_options(globals, flags);
    let _waits = options.file.as_deref().map(PipeWait::on);
    Ok(Settings::load(&options)?)
}

/// The layers of the settings: file, environment and these flags.
pub(crate) fn load_options(globals: &Globals, flags: Vec<(String, String, String)>) -> LoadOptions {
    let usual = Path::new("anvil.toml");
    // Whatever stands there under this name is meant: one that cannot be read is told of, and not passed over.
    let is_there = std::fs::symlink_metadata(usual)
        .map_or_else(|error| error.kind() != std::io::ErrorKind::NotFound, |_| true);
    let named = globals.config.clone().filter(|file| !file.as_os_str().is_empty());
    let file = named.or_else(|| is_there.then(|| usual.to_owned()));
    LoadOptions { file, env: environment().into_iter().collect(), flags }
}

/// The environment.
pub(crate) fn environment() -> BTreeMap<String, String> {
    let all = std::env::vars_os();
    // A value that is not UTF-8 is told of where it does not fit, and not passed over.
    all.filter_map(|(name, value)| Some((name.into_string().ok()?, value.to_string_lossy().into_owned())))
        .collect()
}

/// A setting by a flag.
pub(crate) fn flag(key: &str, value: &str, flag: &str) -> (String, String, String) {
    (key.to_owned(), value.to_owned(), flag.to_owned())
}

fn env(name: &str) -> Option<String> {
    std::env::var(name).ok().map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
}

fn parse(url: &str) -> Result<Url, Failure> {
    let wrong = |reason: &str| {
        // A password may stand before the `@`, wherever the address is wrong.
        let shown = url.rsplit_once('@').map_or(url, |(_, behind)| behind);
        Failure::Usage(format!(
            "`{shown}` is no address of a host ({reason}); it looks like http://127.0.0.1:8787"
        ))
    };
    let parsed: Url = url.parse().map_err(|_| wrong("it is no URL"))?;
    match parsed.scheme() {
        "http" | "https" if parsed.has_host() => Ok(parsed),
        _ => Err(wrong("it begins with http:// or https://")),
    }
}

/// The address at which a host that listens there can be reached from here.
fn local(listen: SocketAddr) -> Result<Url, Failure> {
    parse(&format!("http://{}", crate::serve::reachable(listen)))
}

pub(crate) fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

fn token_file(globals: &Globals) -> Result<Option<Secret>, Failure> {
    let dir: PathBuf = match &globals.data {
        Some(dir) => dir.clone(),
        None => settings(globals)?.data.dir,
    };
    let path = dir.join("token");
    match crate::serve::data::kept(&path) {
        Ok(token) => match crate::serve::data::checked(token.trim(), &path) {
            Ok(token) => Ok(Some(Secret::new(token))),
            Err(error) => Err(Failure::Usage(error.to_string())),
        },
        // The host then says that a token is missing, and the error says where it comes from.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Failure::Usage(format!("cannot read the token in {}: {error}", path.display()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_that_listens_everywhere_is_reached_on_loopback() {
        let url = |listen: &str| local(listen.parse().expect("an address")).expect("a URL").to_string();
        assert_eq!(url("0.0.0.0:9000"), "http://127.0.0.1:9000/");
        assert_eq!(url("[::]:9000"), "http://[::1]:9000/");
        assert_eq!(url("192.168.1.5:9000"), "http://192.168.1.5:9000/");
    }

    #[test]
    fn a_password_in_an_address_is_never_shown() {
        let url = parse("http://user:SECRET@127.0.0.1:9/").expect("an address");
        let client = Client::new(url, None).expect("a client");
        assert_eq!(client.base(), "http://127.0.0.1:9");
        for wrong in
            ["ftp://user:SECRET@host", "user:SECRET@host", "http://user:SECRET@", "http://user:SECRET@a b"]
        {
            let error = parse(wrong).expect_err(wrong).to_string();
            assert!(!error.contains("SECRET"), "{error}");
        }
    }

    #[test]
    fn only_this_machine_is_loopback() {
        for (url, expected) in [
            ("http://127.0.0.1:1", true),
            ("http://localhost:1", true),
            ("http://[::1]:1", true),
            ("http://127.0.0.1.example.com", false),
            ("http://10.0.0.1", false),
        ] {
            assert_eq!(is_loopback(&url.parse().expect("a URL")), expected, "{url}");
        }
    }
}
