//! What an answer says that it used: every number bounded where it is read, and none ever falling.
//!
//! Usage comes more than once in a stream, each time cumulative: what was told counts, whatever comes after
//! it. Some upstreams tell a count in one event and 0 in another, so a 0 takes nothing back.

use crate::upstream::count::Count;
use crate::upstream::object::Object;
use crate::upstream::words::Words;
use anvil_types::{InferenceGeo, MOST_TOKENS, ServiceTier, Speed, Usage};
use serde_json::value::RawValue;

/// Tokens that were written to be kept for so long.
const FIVE_MINUTES: &str = "ephemeral_5m_input_tokens";
const ONE_HOUR: &str = "ephemeral_1h_input_tokens";

/// The most passes of one answer.
const MOST_PASSES: usize = 100;

/// All that was told of what was used.
#[derive(Clone, Debug, Default)]
pub(crate) struct Counts {
    input: Count,
    output: Count,
    cache_read: Count,
    written: Count,
    written_5m: Count,
    written_1h: Count,
    /// What was told of the output in the end: with or after the reason why the answer ended.
    final_output: Count,
    service_tier: Words,
    inference_geo: Words,
    speed: Words,
    /// Tools that run at Anthropic and cost money by themselves, though nobody asked for one.
    server_tools: bool,
    /// A part of the usage that is in no form in which usage is told.
    unread: bool,
}

/// Where in a stream usage is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    First,
    Final,
}

impl Counts {
    /// Each word of it that is told on.
    pub(crate) fn words_mut(&mut self) -> impl Iterator<Item = &mut String> {
        let words = [&mut self.service_tier, &mut self.inference_geo, &mut self.speed];
        words.into_iter().flat_map(Words::each_mut)
    }

    /// Takes one telling. Answers it, where it can be read.
    pub(crate) fn take<'j>(&mut self, json: &'j str, when: Told) -> Option<Object<'j>> {
        let Ok(usage) = Object::read(json) else {
            self.unread = true;
            return None;
        };
        self.take_counts(&usage, when);
        for passes in usage.all("iterations") {
            self.take_passes(passes);
        }
        Some(usage)
    }

    // All but the passes. A pass has none of its own: looking into them would go as deep as a stranger nests them.
    fn take_counts(&mut self, usage: &Object<'_>, when: Told) {
        self.input.take_all(usage, "input_tokens");
        self.output.take_all(usage, "output_tokens");
        if when == Told::Final {
            self.final_output.take_all(usage, "output_tokens");
        }
        self.cache_read.take_all(usage, "cache_read_input_tokens");
        self.written.take_all(usage, "cache_creation_input_tokens");
        let mut total = Count::default();
        total.take_all(usage, "cache_creation_input_tokens");
        for split in usage.all("cache_creation") {
            let Ok(split) = Object::read(split) else {
                self.written.odd = true;
                continue;
            };
            let [mut five, mut hour] = [Count::default(), Count::default()];
            five.take_all(&split, FIVE_MINUTES);
            hour.take_all(&split, ONE_HOUR);
            // What is told together has to be the same; a lifetime without a price is none that was split.
            let contradicts = total.told && (five.told || hour.told) && five.most + hour.most != total.most;
            let mut others = Count::default();
            split.others([FIVE_MINUTES, ONE_HOUR]).for_each(|json| others.take(json));
            self.written.odd |= contradicts || others.odd || others.most > 0;
            if others.most > 0 {
                let all = five.most.saturating_add(hour.most).saturating_add(others.most);
                self.written.most = self.written.most.max(all.min(MOST_TOKENS));
            }
            self.written_5m.take_all(&split, FIVE_MINUTES);
            self.written_1h.take_all(&split, ONE_HOUR);
        }
        for (words, name) in [
            (&mut self.service_tier, "service_tier"),
            (&mut self.inference_geo, "inference_geo"),
            (&mut self.speed, "speed"),
        ] {
            usage.all(name).for_each(|json| words.take(json));
        }
        for tools in usage.all("server_tool_use") {
            // Counts of each kind of tool; what can't be read is taken for one that ran.
            let none = Object::read(tools).is_ok_and(|tools| tools.values().all(|count| count == "0"));
            self.server_tools |= !none;
        }
    }

    // Each pass of an answer that took several (a compaction, a fallback); the counts of the whole may leave some of
    // them out. Source: `usage.iterations` of the Messages API.
    fn take_passes(&mut self, json: &str) {
        let Ok(passes) = serde_json::from_str::<Vec<&RawValue>>(json) else {
            self.unread = true;
            return;
        };
        let mut sum = Self::default();
        for pass in passes.iter().take(MOST_PASSES) {
            let mut one = Self::default();
            match Object::read(pass.get()) {
                Ok(usage) => one.take_counts(&usage, Told::First),
                Err(_) => one.unread = true,
            }
            self.unread |= one.input_unread() || one.output_unread();
            self.input.odd |= one.odd().is_some();
            self.server_tools |= one.server_tools;
            self.service_tier.take_all(one.service_tier);
            self.inference_geo.take_all(one.inference_geo);
            self.speed.take_all(one.speed);
            for (all, of_one) in [
                (&mut sum.input, one.input),
                (&mut sum.output, one.output),
                (&mut sum.cache_read, one.cache_read),
                (&mut sum.written, one.written),
                (&mut sum.written_5m, one.written_5m),
                (&mut sum.written_1h, one.written_1h),
            ] {
                all.most = all.most.saturating_add(of_one.most).min(MOST_TOKENS);
            }
        }
        self.unread |= passes.len() > MOST_PASSES;
        for (whole, passes) in [
            (&mut self.input, sum.input),
            (&mut self.output, sum.output),
            (&mut self.cache_read, sum.cache_read),
            (&mut self.written, sum.written),
            (&mut self.written_5m, sum.written_5m),
            (&mut self.written_1h, sum.written_1h),
        ] {
            if passes.most > whole.most {
                (whole.most, whole.odd) = (passes.most, true);
            }
        }
    }

    /// Whether the input was told: how much of the prompt was used.
    pub(crate) fn input_told(&self) -> bool {
        self.input.told
    }

    /// Whether any token was told, or something that may be some.
    pub(crate) fn tells_any(&self) -> bool {
        let all = [self.input, self.output, self.cache_read, self.written, self.written_5m, self.written_1h];
        self.unread || all.iter().any(|count| count.told || count.unread)
    }

    /// Whether the output was told in the end.
    pub(crate) fn output_told(&self) -> bool {
        self.final_output.told
    }

    /// Whether the output that was told in the end is nothing.
    pub(crate) fn says_no_output(&self) -> bool {
        self.final_output.told && self.final_output.most == 0
    }

    /// Whether something of the input was told that can't be read.
    pub(crate) fn input_unread(&self) -> bool {
        let [input, read] = [self.input, self.cache_read].map(|count| count.unread);
        input
            || read
            || self.unread
            || [self.written, self.written_5m, self.written_1h].iter().any(|count| count.unread)
    }

    /// Whether something of the output was told that can't be read.
    pub(crate) fn output_unread(&self) -> bool {
        self.output.unread || self.unread
    }

    /// What contradicts itself, or is no count, if something does.
    pub(crate) fn odd(&self) -> Option<&'static str> {
        let split = self.written_5m.most + self.written_1h.most;
        let split_odd = self.written.told && self.written.most > 0 && split > self.written.most;
        let counts = [
            (self.input.odd, "input_tokens"),
            (self.output.odd, "output_tokens"),
            (self.cache_read.odd, "cache_read_input_tokens"),
            (self.written.odd || split_odd, "cache_creation_input_tokens"),
            (self.written_5m.odd || self.written_1h.odd, "cache_creation"),
            (self.speed.all().len() > 1, "speed"),
            (self.unread, "usage"),
        ];
        counts.into_iter().find_map(|(odd, name)| odd.then_some(name))
    }

    /// Whether a tool ran that nobody asked for and that has a price of its own.
    pub(crate) fn server_tools(&self) -> bool {
        self.server_tools
    }

    // A speed that has no price is priced as the one that was asked for, so the dearest that has one comes
    // before it.
    fn fast(&self) -> Option<String> {
        let fast = Speed::Fast.name();
        let said = self.speed.all().iter().any(|said| said.eq_ignore_ascii_case(fast));
        (said || self.speed.has_more()).then(|| fast.to_owned())
    }

    /// The usage: of each count the most that was told.
    pub(crate) fn usage(&self) -> Usage {
        let (five, hour) = (self.written_5m.most, self.written_1h.most);
        Usage {
            input_tokens: self.input.most,
            output_tokens: self.output.most,
            cache_read_tokens: self.cache_read.most,
            cache_write_5m_tokens: five,
            // Writes of unknown lifetime are priced as the dearer kind.
            cache_write_1h_tokens: hour + self.written.most.saturating_sub(five + hour),
            // Of several words the dearer one counts: a discount has to be told each time.
            service_tier: self.service_tier.dearest(ServiceTier::NAMES),
            inference_geo: self.inference_geo.dearest(InferenceGeo::NAMES),
            speed: self.fast().or_else(|| self.speed.dearest(Speed::NAMES)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(tellings: &[(&str, Told)]) -> Counts {
        let mut counts = Counts::default();
        for (json, when) in tellings {
            counts.take(json, *when);
        }
        counts
    }

    #[test]
    fn every_number_is_bounded_where_it_is_read() {
        let most = MOST_TOKENS;
        // The JSON, what counts of it, and whether it is odd.
        for (json, count, odd) in [
            ("22", 22, false),
            ("22.0", 22, false),
            ("2.2e1", 22, false),
            ("100000000", most, false),
            ("100000001", most, true),
            ("18446744073709551615", most, true),
            ("99999999999999999999999999", most, true),
            ("1e30", most, true),
            ("1e999", most, true),
            ("7.5", 8, true),
            ("0.1", 1, true),
            ("\"22\"", 22, true),
            ("\"1e30\"", most, true),
        ] {
            let counts = told(&[(&format!("{{\"output_tokens\":{json}}}"), Told::Final)]);
            assert_eq!(counts.usage().output_tokens, count, "{json}");
            assert_eq!((counts.odd().is_some(), counts.output_unread()), (odd, false), "{json}");
            assert!(counts.output_told(), "{json}");
        }
        for json in ["-5", "-0.5", "\"many\"", "\"\"", "\"inf\"", "\"NaN\"", "[1]", "{}", "true"] {
            let counts = told(&[(&format!("{{\"output_tokens\":{json}}}"), Told::Final)]);
            assert_eq!(counts.usage().output_tokens, 0, "{json}");
            assert!(counts.output_unread() && counts.odd().is_some() && !counts.output_told(), "{json}");
        }
        let nothing = told(&[("{\"output_tokens\":null}", Told::Final), ("{}", Told::Final)]);
        assert!(!nothing.output_told() && nothing.odd().is_none());
        assert!(told(&[("5", Told::Final)]).output_unread());
    }

    #[test]
    fn what_was_told_never_falls() {
        let full = (r#"{"input_tokens":50000,"cache_read_input_tokens":7,"output_tokens":1}"#, Told::First);
        let zero = (r#"{"input_tokens":0,"cache_read_input_tokens":0,"output_tokens":1000}"#, Told::Final);
        for order in [[full, zero], [zero, full]] {
            let counts = told(&order);
            let usage = counts.usage();
            assert_eq!((usage.input_tokens, usage.cache_read_tokens, usage.output_tokens), (50_000, 7, 1000));
        }
        assert_eq!(told(&[full, zero]).odd(), None);
        let fell = told(&[full, (r#"{"input_tokens":40000,"output_tokens":9}"#, Told::Final)]);
        assert_eq!((fell.odd(), fell.usage().input_tokens), (Some("input_tokens"), 50_000));
        let twice = told(&[(r#"{"output_tokens":90,"output_tokens":5}"#, Told::Final)]);
        assert_eq!((twice.odd(), twice.usage().output_tokens), (Some("output_tokens"), 90));
    }

    #[test]
    fn cache_writes_are_never_less_than_their_total_nor_than_their_split() {
        let writes = |tellings: &[&str]| {
            let tellings: Vec<_> = tellings.iter().map(|json| (*json, Told::First)).collect();
            let counts = told(&tellings);
            let usage = counts.usage();
            (usage.cache_write_5m_tokens, usage.cache_write_1h_tokens, counts.odd().is_some())
        };
        let split = r#"{"cache_creation_input_tokens":7,"cache_creation":{"ephemeral_5m_input_tokens":3,"ephemeral_1h_input_tokens":4}}"#;
        assert_eq!(writes(&[split]), (3, 4, false));
        assert_eq!(writes(&[split, r#"{"cache_creation_input_tokens":7}"#]), (3, 4, false));
        assert_eq!(writes(&[split, r#"{"cache_creation":{}}"#]), (3, 4, false));
        assert_eq!(writes(&[split, r#"{"cache_creation_input_tokens":18}"#]), (3, 15, false));
        assert_eq!(writes(&[r#"{"cache_creation_input_tokens":7}"#]), (0, 7, false));
        assert_eq!(writes(&[r#"{"cache_creation":{"ephemeral_5m_input_tokens":7.0}}"#]), (7, 0, false));
        assert_eq!(writes(&[r#"{"cache_creation":5,"cache_creation_input_tokens":7}"#]), (0, 7, true));
        let more = r#"{"cache_creation_input_tokens":5,"cache_creation":{"ephemeral_1h_input_tokens":9}}"#;
        assert_eq!(writes(&[more]), (0, 9, true));
        for less in [
            r#"{"cache_creation_input_tokens":50,"cache_creation":{"ephemeral_5m_input_tokens":9}}"#,
            r#"{"cache_creation_input_tokens":50,"cache_creation":{"ephemeral_5m_input_tokens":9,"ephemeral_1h_input_tokens":0}}"#,
            r#"{"cache_creation_input_tokens":50,"cache_creation":{"ephemeral_5m_input_tokens":9,"ephemeral_24h_input_tokens":41}}"#,
        ] {
            assert_eq!(writes(&[less]), (9, 41, true), "{less}");
        }
        let other = r#"{"cache_creation":{"ephemeral_24h_input_tokens":41}}"#;
        assert_eq!(writes(&[other]), (0, 41, true));
        let none = r#"{"cache_creation_input_tokens":7,"cache_creation":{"ephemeral_24h_input_tokens":0}}"#;
        assert_eq!(writes(&[none]), (0, 7, false));
    }

    #[test]
    fn of_several_words_the_dearer_one_counts() {
        let usage = told(&[
            (r#"{"service_tier":"batch","inference_geo":"US ","speed":"fast"}"#, Told::First),
            (r#"{"service_tier":"standard","inference_geo":"global","speed":"standard"}"#, Told::Final),
        ]);
        let usage = usage.usage();
        assert_eq!(usage.service_tier.as_deref(), Some("standard"));
        assert_eq!(usage.inference_geo.as_deref(), Some("us"));
        assert_eq!(usage.speed.as_deref(), Some("fast"));
        let batch = told(&[(r#"{"service_tier":"batch"}"#, Told::First)]).usage();
        assert_eq!(batch.service_tier.as_deref(), Some("batch"));
        let long = format!("{{\"service_tier\":\"{}\"}}", "x".repeat(2_000_000));
        assert!(told(&[(&long, Told::First)]).usage().service_tier.is_some_and(|tier| tier.len() <= 64));
    }

    #[test]
    fn a_tool_that_ran_at_anthropic_is_noticed() {
        for (json, ran) in [
            (r#"{"server_tool_use":{"web_search_requests":3}}"#, true),
            (r#"{"server_tool_use":{"web_search_requests":0,"web_fetch_requests":0}}"#, false),
            (r#"{"server_tool_use":null}"#, false),
            (r#"{"server_tool_use":7}"#, true),
        ] {
            assert_eq!(told(&[(json, Told::First)]).server_tools(), ran, "{json}");
        }
    }

    #[test]
    fn passes_count_together_and_are_looked_into_once_only() {
        let counts = told(&[(
            r#"{"input_tokens":3,"output_tokens":7,"iterations":[{"input_tokens":9,"output_tokens":400,"speed":"fast"},{"output_tokens":500}]}"#,
            Told::Final,
        )]);
        assert_eq!((counts.usage().input_tokens, counts.usage().output_tokens), (9, 900));
        assert!(counts.odd().is_some(), "the whole tells less than its parts");
        assert_eq!(counts.usage().speed.as_deref(), Some("fast"));
        let unread = told(&[(r#"{"iterations":[{"output_tokens":"many"}]}"#, Told::Final)]);
        assert!(unread.output_unread());
        // However deep a stranger nests them.
        let deep = format!("{}{}", "{\"iterations\":[".repeat(200_000), "]}".repeat(200_000));
        assert_eq!(told(&[(&deep, Told::Final)]).usage().output_tokens, 0);
    }
}
