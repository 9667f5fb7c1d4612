//! Settings from outside: layers, sources, and the text of every error.

use anvil_budget::PriceTable;
use anvil_settings::{Credential, LoadOptions, Preset, Secret, Settings, UpstreamConfig, check_limits};
use anvil_types::{Nanodollars, UpstreamKind};
use std::path::PathBuf;

/// Settings of a file, variables and flags; paths in errors are shown without the test's folder.
struct Given {
    dir: tempfile::TempDir,
    options: LoadOptions,
}

fn given() -> Given {
    Given { dir: tempfile::tempdir().expect("a folder"), options: LoadOptions::default() }
}

impl Given {
    fn file(mut self, text: &str) -> Self {
        let path = self.dir.path().join("anvil.toml");
        std::fs::write(&path, text).expect("written");
        self.options.file = Some(path);
        self
    }

    fn env(mut self, name: &str, value: &str) -> Self {
        self.options.env.push((name.to_owned(), value.to_owned()));
        self
    }

    fn set(mut self, key: &str, value: &str) -> Self {
        self.options.flags.push((key.to_owned(), value.to_owned(), "--set".to_owned()));
        self
    }

    fn load(&self) -> Settings {
        Settings::load(&self.options).expect("good settings")
    }

    fn error(&self) -> String {
        let error = Settings::load(&self.options).expect_err("bad settings").to_string();
        error.replace(&format!("{}/", self.dir.path().display()), "")
    }

    fn source(&self, key: &str) -> String {
        let source = self.load().source(key).expect("a setting").to_string();
        source.replace(&format!("{}/", self.dir.path().display()), "")
    }
}

fn usd(usd: f64) -> Nanodollars {
    Nanodollars::from_usd(usd).expect("an amount")
}

#[test]
fn without_anything_the_settings_are_the_seeds() {
    let settings = given().load();
    assert_eq!(settings.preset, Preset::Max200);
    let limits = &settings.limits;
    assert_eq!((limits.hour_usd, limits.day_usd, limits.month_usd), (usd(8.0), usd(160.0), usd(200.0)));
    assert_eq!((limits.agents_min, limits.agents_max, limits.queue_max), (3, 10, 200));
    assert_eq!(
        (limits.requests_per_minute, settings.pace.burst, settings.pace.requests_per_minute_hard),
        (45, 5, 50)
    );
    assert_eq!((limits.input_tokens_per_minute, limits.output_tokens_per_minute), (30_000, 8_000));
    assert_eq!((limits.max_input_tokens, limits.max_output_tokens, limits.week_hours), (8_000, 2_000, 80));
}

#[test]
fn each_layer_wins_over_the_one_before_and_says_so() {
    let preset = given();
    assert_eq!(preset.source("limits.day_usd"), "preset max-200");
    let file =
        preset.file("preset = \"max-100\"\n[limits]\nday_usd = 20\n[server]\nlisten = \"localhost:9000\"");
    assert_eq!(file.source("limits.day_usd"), "anvil.toml");
    assert_eq!(file.source("limits.hour_usd"), "preset max-100");
    assert_eq!(file.load().server.listen.to_string(), "127.0.0.1:9000");
    let env = file.env("ANVIL_LIMITS_DAY_USD", "30").env("ANVIL_PRESET", "max-200");
    assert_eq!(env.source("limits.day_usd"), "ANVIL_LIMITS_DAY_USD");
    assert_eq!(env.source("limits.hour_usd"), "preset max-200");
    let flag = env.set("limits.day_usd", "40");
    assert_eq!(flag.source("limits.day_usd"), "--set");
    assert_eq!(flag.load().limits.day_usd, usd(40.0));
    assert_eq!(flag.load().limit_sources()["hour_usd"], "preset max-200");
}

#[test]
fn every_preset_is_sound() {
    for preset in Preset::ALL {
        let settings = given().set("preset", preset.name()).load();
        assert_eq!(settings.preset, preset);
        assert!(check_limits(&settings.limits, &settings.pace, preset).is_empty(), "{preset}");
        // Each value of the preset is in force, so that none has a misspelt name.
        for (key, value) in preset.values() {
            let entry = settings.entries().into_iter().find(|entry| entry.key == *key).expect("a known key");
            assert_eq!(entry.value, *value, "{key}");
        }
    }
}

#[test]
fn an_agent_has_settings_of_its_own() {
    let settings = given()
        .file("[agents.code-generator]\nwall_s = 60\nsettings = { language = \"rust\" }")
        .env("ANVIL_AGENTS_CODE_GENERATOR_WALL_S", "90")
        .env("ANVIL_AGENTS_CODE_GENERATOR_SETTINGS_STYLE", "plain")
        .set("agents.design-architect.max_output_tokens", "4000")
        .load();
    let agent = &settings.agents["code-generator"];
    assert_eq!(agent.wall_s, Some(90));
    assert_eq!((agent.settings["language"].as_str(), agent.settings["style"].as_str()), ("rust", "plain"));
    assert_eq!(settings.agents["design-architect"].max_output_tokens, Some(4_000));
    let from = settings.source("agents.code-generator.wall_s").expect("a setting");
    assert_eq!(from.to_string(), "ANVIL_AGENTS_CODE_GENERATOR_WALL_S");
}

#[test]
fn an_action_is_simple_work_or_complex_work_and_not_both() {
    let file = |complex: &str| {
        format!(
            "[agents.code-generator]\nsimple_actions = [\"review\", \"plan\"]\ncomplex_actions = [{complex}]"
        )
    };
    let settings = given().file(&file("\"generate\"")).load();
    assert_eq!(
        settings.agents["code-generator"].complex_actions.as_deref(),
        Some(&["generate".to_owned()][..])
    );
    let refused = given().file(&file("\"generate\", \"plan\"")).error();
    assert!(refused.contains("`agents.code-generator` has `plan` in `simple_actions`"), "{refused}");
}

#[test]
fn the_agent_that_leads_may_ask_its_five_unless_the_owner_says_otherwise() {
    let path = "agents.feature-team.may_call";
    let may_call = |settings: &Settings| settings.agents["feature-team"].may_call.clone().expect("a list");
    let settings = given().load();
    let five = [
        "requirements-analyzer",
        "design-architect",
        "code-generator",
        "test-automator",
        "documentation-generator",
    ];
    assert_eq!(may_call(&settings), five);
    assert_eq!(settings.source(path).expect("a setting").to_string(), "preset max-200");
    assert!(settings.entries().iter().any(|entry| entry.key == path), "it is shown with the others");
    // Another setting of it changes nothing of whom it may ask; a list takes the place of the five.
    let settings = given().file("[agents.feature-team]\nwall_s = 60").load();
    assert_eq!((may_call(&settings).len(), settings.agents["feature-team"].wall_s), (5, Some(60)));
    assert_eq!(may_call(&given().file("[agents.feature-team]\nmay_call = []").load()), [""; 0]);
    let settings = given().env("ANVIL_AGENTS_FEATURE_TEAM_MAY_CALL", "code-generator").load();
    assert_eq!(may_call(&settings), ["code-generator"]);
    assert_eq!(given().load().agents.len(), 1, "no other agent may hand work to anybody");
}

#[test]
fn variables_that_are_no_settings_are_left_alone() {
    given()
        .env("ANVIL_URL", "x")
        .env("ANVIL_TOKEN", "x")
        .env("ANVIL_TEST_CLOCK", "x")
        .env("HOME", "x")
        .load();
}

#[test]
fn unknown_names() {
    let file = |text: &str| given().file(text).error();
    insta::assert_snapshot!(
        file("preset = \"max-200\"\n\n[limits]\nday_us = 20\n"),
        @"unknown setting `day_us` in [limits] (anvil.toml line 4); did you mean `day_usd`?"
    );
    insta::assert_snapshot!(
        file("[limit]\nday_usd = 20\n"),
        @"unknown section [limit] (anvil.toml line 1); did you mean [limits]?"
    );
    insta::assert_snapshot!(
        file("[telemetry]\nurl = \"x\"\n"),
        @"unknown section [telemetry] (anvil.toml line 1); the sections are limits, pace, models, pressure, saving, prices, time, server, data, log, plugins, upstream, jobs, people, retention, sandbox, simulator, agents"
    );
    insta::assert_snapshot!(
        file("day_usd = 20\n"),
        @"unknown setting `day_usd` outside of any section (anvil.toml line 1); did you mean `day_usd` in [limits]?"
    );
    insta::assert_snapshot!(
        file("colour = \"blue\"\n"),
        @"unknown setting `colour` outside of any section (anvil.toml line 1); only `preset` stands there; the sections are limits, pace, models, pressure, saving, prices, time, server, data, log, plugins, upstream, jobs, people, retention, sandbox, simulator, agents"
    );
    insta::assert_snapshot!(
        file("[pace]\nrequests_per_minute = 20\n"),
        @"unknown setting `requests_per_minute` in [pace] (anvil.toml line 2); did you mean `requests_per_minute_hard`?"
    );
    insta::assert_snapshot!(
        file("[limits]\ncpu_s = 5\n"),
        @"unknown setting `cpu_s` in [limits] (anvil.toml line 2); did you mean `cpu_s` in [jobs]?"
    );
    insta::assert_snapshot!(
        file("[time]\ncolour = 5\n"),
        @"unknown setting `colour` in [time] (anvil.toml line 2); its settings are zone"
    );
    insta::assert_snapshot!(
        file("[agents.code-generator]\nwall = 5\n"),
        @"unknown setting `wall` in [agents.code-generator] (anvil.toml line 2); did you mean `wall_s`?"
    );
    insta::assert_snapshot!(
        file("[agents.Code_Generator]\nwall_s = 5\n[agents]\nwall_s = 5"),
        @r#"
        unknown agent `Code_Generator` in [agents] (anvil.toml line 1); an agent's name is 1 to 64 characters of a-z 0-9 -, the first no -, as in `code-generator`
        unknown setting `wall_s` in [agents] (anvil.toml line 4); settings of an agent stand in [agents.NAME]
        "#
    );
    insta::assert_snapshot!(
        given().env("ANVIL_LIMITS_DAY_US", "5").error(),
        @"unknown environment variable `ANVIL_LIMITS_DAY_US`; did you mean `ANVIL_LIMITS_DAY_USD`?"
    );
    insta::assert_snapshot!(
        given().env("ANVIL_API_SECRET_SOURCE", "5").error(),
        @"unknown environment variable `ANVIL_API_SECRET_SOURCE`; docs/reference/settings.md lists the settings"
    );
    insta::assert_snapshot!(
        given().set("limits.day_us", "5").error(),
        @"unknown setting `limits.day_us` (--set); did you mean `limits.day_usd`?"
    );
    insta::assert_snapshot!(
        given().set("day_usd", "5").error(),
        @"unknown setting `day_usd` (--set); did you mean `limits.day_usd`?"
    );
    insta::assert_snapshot!(
        given().set("limits.colour", "5").error(),
        @"unknown setting `limits.colour` (--set); its settings are hour_usd, day_usd, month_usd, week_hours, job_usd, requests_per_minute, input_tokens_per_minute, output_tokens_per_minute, max_input_tokens, max_output_tokens, agents_min, agents_max, queue_max"
    );
}

#[test]
fn wrong_values() {
    let file = |text: &str| given().file(text).error();
    insta::assert_snapshot!(file("[limits]\nday_usd = \"lots\"\nqueue_max = 0\nagents_max = 2.5\n"), @r#"
        `limits.day_usd` (anvil.toml line 2) is "lots", but must be an amount of dollars such as 8 or 0.25
        `limits.agents_max` (anvil.toml line 4) is 2.5, but must be a whole number
        `limits.queue_max` (anvil.toml line 3) is 0, but must be from 1 to 1000000
        "#);
    insta::assert_snapshot!(file("preset = \"max-20\"\n"), @r#"`preset` (anvil.toml line 1) is "max-20", but must be one of max-100, max-200, api-start, api-build, unlimited-dev; did you mean `max-200`?"#);
    insta::assert_snapshot!(file("[time]\nzone = \"Europe/Berlim\"\n"), @r#"`time.zone` (anvil.toml line 2) is "Europe/Berlim", but must be the name of a time zone such as `UTC` or `Europe/Berlin` (`timedatectl list-timezones` lists them); did you mean `Europe/Berlin`?"#);
    insta::assert_snapshot!(file("[time]\nzone = \"the moon\"\n"), @r#"`time.zone` (anvil.toml line 2) is "the moon", but must be the name of a time zone such as `UTC` or `Europe/Berlin` (`timedatectl list-timezones` lists them)"#);
    insta::assert_snapshot!(file("[server]\nlisten = \"8787\"\nallowed_hosts = \"a\"\n"), @r#"
        `server.listen` (anvil.toml line 2) is "8787", but must be an address and a port such as 127.0.0.1:8787 (port 0: any that is free)
        `server.allowed_hosts` (anvil.toml line 3) is "a", but must be a list of texts (in the environment and in flags: separated by commas)
        "#);
    insta::assert_snapshot!(file("[models]\nsimple = \"gpt\"\nopus = \"\"\n"), @r#"`models.simple` (anvil.toml line 2) is "gpt", but must be `haiku`, `sonnet` or `opus`"#);
    insta::assert_snapshot!(file("[models]\nopus = \"\"\n"), @"`models.opus` is empty, but must be the exact id of a model");
    insta::assert_snapshot!(file("[upstream]\nkind = \"fake\"\nretries = 99\n"), @r#"
        `upstream.kind` (anvil.toml line 2) is "fake", but must be `live`, `simulated`, or empty
        `upstream.retries` (anvil.toml line 3) is 99, but must be from 0 to 20
        "#);
    insta::assert_snapshot!(file("[data]\ndir = { a = 1 }\n"), @"`data.dir` (anvil.toml line 2) is a table, but must be a path");
    insta::assert_snapshot!(given().env("ANVIL_LIMITS_DAY_USD", "").error(), @"`limits.day_usd` (ANVIL_LIMITS_DAY_USD) is empty, but must be an amount of dollars such as 8 or 0.25");
    insta::assert_snapshot!(given().set("jobs.backoff_s", "soon").error(), @"`jobs.backoff_s` (--set) is soon, but must be a number");
}

#[test]
fn files_that_cannot_be_read() {
    insta::assert_snapshot!(given().file("[limits\nday_usd = 20\n").error(), @"anvil.toml line 1 is not valid TOML: unclosed table, expected `]`");
    insta::assert_snapshot!(given().file("[limits]\nday_usd = 20\nday_usd = 30\n").error(), @"anvil.toml line 3 is not valid TOML: duplicate key");
    let mut absent = given();
    absent.options.file = Some(PathBuf::from("nowhere.toml"));
    insta::assert_snapshot!(absent.error(), @"cannot read the settings file nowhere.toml: No such file or directory (os error 2)");
}

#[test]
fn values_that_make_no_sense_together() {
    let set = |pairs: &[(&str, &str)]| {
        pairs.iter().fold(given(), |given, (key, value)| given.set(key, value)).error()
    };
    insta::assert_snapshot!(set(&[("limits.agents_max", "20")]), @"`limits.agents_max` is 20, but under the preset max-200 there are never more than 12 agents");
    insta::assert_snapshot!(set(&[("limits.agents_min", "5"), ("limits.agents_max", "4")]), @"`limits.agents_min` is 5, above `limits.agents_max`, which is 4");
    insta::assert_snapshot!(set(&[("limits.requests_per_minute", "51")]), @"`limits.requests_per_minute` is 51, above `pace.requests_per_minute_hard`, which is 50");
    insta::assert_snapshot!(set(&[("pace.requests_per_minute_hard", "100")]), @"`pace.requests_per_minute_hard` is 100, but under the preset max-200 it is never above 50");
    insta::assert_snapshot!(set(&[("limits.month_usd", "6000")]), @"`limits.month_usd` is $6000.00, but under the preset max-200 a month is never above $5000.00");
    insta::assert_snapshot!(
        set(&[("jobs.heartbeat_s", "10"), ("jobs.cpu_s", "5000"), ("jobs.calls", "2"), ("upstream.call_timeout_s", "5")]),
        @r#"
        `jobs.heartbeat_s` must not be above half of `jobs.lease_s`
        `jobs.cpu_s` must not be above `jobs.wall_s`
        `jobs.calls_parallel` must not be above `jobs.calls`
        `upstream.first_byte_timeout_s` must not be above `upstream.call_timeout_s`
        "#
    );
}

#[test]
fn limits_changed_at_run_time_are_judged_as_settings_are() {
    let settings = given().load();
    let mut limits = settings.limits.clone();
    limits.queue_max = 0;
    limits.agents_max = 13;
    let problems = check_limits(&limits, &settings.pace, settings.preset);
    let said: Vec<_> = problems.iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(said.join("\n"), @r#"
        `limits.queue_max` is 0, but must be from 1 to 1000000
        `limits.agents_max` is 13, but under the preset max-200 there are never more than 12 agents
        "#);
}

fn choose(given: &Given, env: &[(&str, &str)]) -> Result<Option<UpstreamConfig>, String> {
    let look =
        |name: &str| env.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
    UpstreamConfig::choose(&given.load(), look).map_err(|error| error.to_string())
}

#[test]
fn a_key_makes_it_live_and_nothing_else_does() {
    let key = ("ANTHROPIC_API_KEY", "sk-secret");
    let url = ("ANTHROPIC_BASE_URL", "http://127.0.0.1:9/");
    let live = choose(&given(), &[key]).expect("good").expect("not built in");
    assert_eq!((live.kind, live.base_url.as_str()), (UpstreamKind::Live, "https://api.anthropic.com"));
    assert!(!format!("{live:?}").contains("sk-secret"));
    assert_eq!(choose(&given(), &[]), Ok(None));
    assert_eq!(choose(&given(), &[("ANTHROPIC_API_KEY", "")]), Ok(None));
    assert_eq!(choose(&given(), &[key, url]).expect("good").expect("one").base_url, "http://127.0.0.1:9");
}

#[test]
fn a_token_goes_as_bearer_and_wins_over_a_key() {
    let token = ("ANTHROPIC_AUTH_TOKEN", " tok-secret\n");
    let alone = choose(&given(), &[token]).expect("good").expect("live");
    assert_eq!(alone.kind, UpstreamKind::Live);
    assert_eq!(alone.credential, Credential::Bearer(Secret::new("tok-secret")));
    assert_eq!(alone.notes, Vec::<String>::new());
    let both = choose(&given(), &[token, ("ANTHROPIC_API_KEY", "sk-secret")]).expect("good").expect("live");
    assert_eq!(both.credential, alone.credential);
    assert!(both.notes[0].contains("the token is used, and the key is sent nowhere"), "{:?}", both.notes);
}

#[test]
fn the_simulator_never_answers_where_an_address_was_set() {
    let url = ("ANTHROPIC_BASE_URL", "https://claude.example");
    for env in [&[url][..], &[url, ("ANTHROPIC_API_KEY", "")]] {
        let error = choose(&given(), env).expect_err("no key");
        assert!(
            error.contains("ANTHROPIC_BASE_URL is set, but no key to ask with: set ANTHROPIC_API_KEY"),
            "{error}"
        );
    }
}

#[test]
fn a_key_that_did_not_come_is_not_taken_for_none() {
    let simulated = given().set("upstream.kind", "simulated");
    for blanks in [" ", "\t", " \r\n"] {
        for name in ["ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_BASE_URL"] {
            let error = choose(&given(), &[(name, blanks)]).expect_err("it is set");
            assert!(error.starts_with(&format!("{name} is set to blanks")), "{error}");
        }
        assert_eq!(choose(&simulated, &[("ANTHROPIC_API_KEY", blanks)]), Ok(None));
    }
}

#[test]
fn a_key_that_no_header_can_carry_is_told_at_the_start_without_it() {
    for (value, part) in [
        ("sk-secret\nsecond", "has a line break in it"),
        ("sk-secret\rsecond", "has a line break in it"),
        ("\"sk-secret\"", "has quotes around it"),
        ("'sk-secret'", "has quotes around it"),
        ("Bearer sk-secret", "begins with `Bearer `"),
        ("sk\u{2013}secret", "(character 3)"),
        ("sk-secret\u{200b}", "(character 10)"),
        ("sk secret", "(character 3)"),
        ("sk-secret\u{fffd}", "a foreign character"),
        ("sk-\u{1}secret", "an invisible"),
    ] {
        for name in ["ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"] {
            let error = choose(&given(), &[(name, value)]).expect_err(value);
            assert!(error.contains(part) && error.starts_with(name), "{value:?}: {error}");
            assert!(!error.contains("secret"), "{error}");
        }
    }
    let trimmed = choose(&given(), &[("ANTHROPIC_API_KEY", "  sk-secret\r\n")]).expect("good").expect("live");
    assert_eq!(trimmed.credential, Credential::ApiKey(Secret::new("sk-secret")));
}

#[test]
fn a_key_is_never_sent_to_what_is_declared_simulated() {
    let declared = given().set("upstream.kind", "simulated").set("preset", "unlimited-dev");
    let env = [("ANTHROPIC_API_KEY", "sk-secret"), ("ANTHROPIC_BASE_URL", "http://127.0.0.1:9")];
    let simulated = choose(&declared, &env).expect("good").expect("one");
    assert_eq!(simulated, UpstreamConfig::simulated("http://127.0.0.1:9"));
    assert_eq!(choose(&declared, &[]), Ok(None));
}

#[test]
fn upstreams_that_are_refused() {
    let key = ("ANTHROPIC_API_KEY", "sk-secret");
    let error = |given: &Given, env: &[(&str, &str)]| choose(given, env).expect_err("refused");
    insta::assert_snapshot!(error(&given().set("preset", "unlimited-dev"), &[key]), @r#"the preset unlimited-dev is for the simulator only, but ANTHROPIC_API_KEY is set: choose another preset, unset the key, or declare the upstream (`upstream.kind = "simulated"`)"#);
    insta::assert_snapshot!(error(&given().set("upstream.kind", "live"), &[]), @r#"`upstream.kind` is "live", but neither ANTHROPIC_API_KEY nor ANTHROPIC_AUTH_TOKEN is set"#);
    insta::assert_snapshot!(error(&given(), &[key, ("ANTHROPIC_BASE_URL", "example.com")]), @"ANTHROPIC_BASE_URL is `example.com`, but must begin with https:// or http://");
}

#[test]
fn a_model_without_a_price_is_told_with_the_nearest_that_has_one() {
    let prices = PriceTable::built_in();
    let now = "2026-11-28T00:00:00Z".parse().expect("a time");
    assert!(given().load().unpriced_models(&prices, now).is_empty());
    let wrong = given().set("models.haiku", "anthropic/claude-haiku-5-5 ").set("models.opus", "gpt-7").load();
    let told: Vec<_> = wrong.unpriced_models(&prices, now).iter().map(ToString::to_string).collect();
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(
        told[0].starts_with(
            "`models.haiku` (--set) is \"anthropic/claude-haiku-5-5 \", but must be the exact id"
        ),
        "{told:?}"
    );
    assert!(told[0].contains("did you mean `claude-haiku-5-5`?"), "{told:?}");
    assert!(told[1].contains("priced are claude-"), "{told:?}");
}

#[test]
fn a_file_from_windows_is_read_and_one_in_utf_16_is_told_for_what_it_is() {
    let file = given().file("\u{feff}[limits]\r\nday_usd = 5\r\n");
    assert_eq!(file.load().limits.day_usd, usd(5.0));
    let wide: Vec<u8> = "[limits]".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let file = given().file("");
    std::fs::write(file.options.file.as_ref().expect("a file"), [&b"\xff\xfe"[..], &wide].concat())
        .expect("written");
    assert!(file.error().contains("anvil.toml is not valid TOML: this is UTF-16"), "{}", file.error());
}
