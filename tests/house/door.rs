//! There is one door to Claude: whatever else can open a connection knows neither the key nor the upstream's address.

use crate::imports::shipped_words;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// What opens a connection.
const SENDS: &[&str] = &["reqwest", "hyper", "hyper_util", "TcpStream", "UdpSocket", "UnixStream"];
/// What leads to the key or to the upstream's address.
const LEADS: &[&str] = &["ApiKey", "Credential", "Upstream", "base_url", "credential", "api_key"];
/// What a request to Claude is made of, whoever sends it.
const SPOKEN: &[&str] = &["x-api-key", "anthropic-version", "anthropic-beta"];
/// The key in its wrapping, and the only files that may name it: who reads it, and who hands it to the gateway.
const KEY: &str = "Credential";
const KEEPERS: &[(&str, &str)] =
    &[("anvil-settings", "lib.rs"), ("anvil-settings", "upstream.rs"), ("anvil", "serve/parts.rs")];

fn files(src: &Path) -> Vec<PathBuf> {
    let (mut found, mut left) = (Vec::new(), vec![src.to_owned()]);
    while let Some(folder) = left.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten() {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                left.push(path);
            } else if path.extension().is_some_and(|end| end == "rs") {
                found.push(path);
            }
        }
    }
    found
}

/// The words of a source's shipped code. An address that is read opens no connection.
fn words(source: &str) -> BTreeSet<String> {
    shipped_words(&source.replace("reqwest::Url", "Url"))
}

/// What is wrong with a file of a crate, by the words of its shipped code.
fn wrong(name: &str, file: &str, words: &BTreeSet<String>) -> Option<String> {
    let has = |list: &[&'static str]| list.iter().copied().find(|word| words.contains(*word));
    match name {
        // The one that asks, and the one that is asked.
        "anvil-gateway" | "anvil-sim" => None,
        _ if words.contains(KEY) && !KEEPERS.contains(&(name, file)) => {
            Some(format!("`{name}` {file} has the key in hand (`{KEY}`)"))
        }
        _ => match (has(SENDS), has(LEADS), has(SPOKEN)) {
            (Some(sends), Some(leads), _) => {
                Some(format!("`{name}` {file} opens connections (`{sends}`) and knows `{leads}`"))
            }
            (_, _, Some(spoken)) => Some(format!("`{name}` {file} speaks to Claude (`{spoken}`)")),
            _ => None,
        },
    }
}

#[test]
fn no_crate_but_the_gateway_sends_with_the_key_or_to_the_upstreams_address() {
    let (mut found, mut looked, mut senders) = (Vec::new(), 0, 0);
    for (name, src) in crate::sources() {
        for path in files(&src) {
            let words = words(&std::fs::read_to_string(&path).expect("a source is text"));
            let file = path.strip_prefix(&src).expect("it is below").display().to_string();
            looked += 1;
            senders += usize::from(SENDS.iter().any(|word| words.contains(*word)));
            found.extend(wrong(&name, &file, &words));
        }
    }
    assert!(found.is_empty(), "there is a second path to Claude:\n{}", found.join("\n"));
    assert!(
        looked > 300 && senders > 3,
        "the look finds what it looks for: {looked} files, {senders} that send"
    );
}

#[test]
fn a_second_path_to_claude_is_found_by_what_it_is_made_of() {
    for (code, is_wrong) in [
        ("fn f(u: &Upstream) { reqwest::get(&u.base_url); }", true),
        ("fn f() { g().header(\"x-api-key\", k) }", true),
        ("use anvil_settings::Credential;", true),
        ("use std::net::TcpStream; fn f(c: C) { TcpStream::connect(c.base_url) }", true),
        ("fn f(c: &C) { reqwest::Url::parse(&c.base_url); }", false),
        ("/// Sent as `x-api-key`.\nfn f() { reqwest::get(address) }", false),
        ("#[cfg(test)] mod tests { fn f(u: &Upstream) { reqwest::get(&u.base_url); } }", false),
        ("fn f(scope: Scope) -> bool { matches!(scope, Scope::ApiKey(_)) }", false),
    ] {
        assert_eq!(wrong("anvil-web", "a.rs", &words(code)).is_some(), is_wrong, "{code}");
        assert_eq!(wrong("anvil-gateway", "a.rs", &words(code)), None, "{code}");
    }
}
