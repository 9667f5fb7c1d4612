//! Usage as a liar writes it.

use crate::answer::Question;
use crate::dice::Dice;
use crate::prices::MOST_TOKENS;
use crate::told::{Count, Told};

/// Which counts a telling has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Where {
    First,
    Later,
}

/// One telling: some counts, some of them twice, of which the most that was told counts.
pub(crate) fn usage(dice: &mut Dice, question: Question<'_>, place: Where) -> (String, Told) {
    if dice.percent(2) {
        return (dice.pick(&["null", "[]", "17", "\"\"", "{}"]).to_owned(), Told::default());
    }
    let mut told = Told::default();
    let mut fields = Vec::new();
    for _ in 0..=dice.below(4) {
        let which = match place {
            Where::First => dice.below(7),
            Where::Later => dice.pick(&[1, 1, 1, 0, 2, 6]),
        };
        let most = if which == 1 { question.most_output } else { question.most_input };
        let (json, count) = count(dice, most);
        let (one, field) = match which {
            0 => (Told { input: count, ..told }, format!(r#""input_tokens":{json}"#)),
            1 => (Told { output: count, ..told }, format!(r#""output_tokens":{json}"#)),
            2 => (Told { read: count, ..told }, format!(r#""cache_read_input_tokens":{json}"#)),
            3 => (Told { written: count, ..told }, format!(r#""cache_creation_input_tokens":{json}"#)),
            4 => (
                Told { written_5m: count, ..told },
                format!(r#""cache_creation":{{"ephemeral_5m_input_tokens":{json}}}"#),
            ),
            5 => (
                Told { written_1h: count, ..told },
                format!(r#""cache_creation":{{"ephemeral_1h_input_tokens":{json}}}"#),
            ),
            _ => word(dice),
        };
        told = told.and(one);
        fields.push(field);
    }
    (format!("{{{}}}", fields.join(",")), told)
}

// A tier, a place or a speed.
fn word(dice: &mut Dice) -> (Told, String) {
    let none = Told::default();
    let (name, value, told) = dice.pick(&[
        ("service_tier", "\"batch\"", Told { batch: true, ..none }),
        ("service_tier", "\"standard\"", Told { full: true, ..none }),
        ("service_tier", "\"tomorrow\"", Told { full: true, ..none }),
        ("service_tier", "17", Told { full: true, ..none }),
        ("inference_geo", "\"us\"", Told { us: true, ..none }),
        ("inference_geo", "\"global\"", none),
        ("inference_geo", "\"mars\"", none),
        ("speed", "\"fast\"", Told { fast: true, ..none }),
        ("speed", "\"FAST \"", Told { fast: true, ..none }),
        ("speed", "\"standard\"", none),
        ("speed", "\"warp\"", none),
        ("server_tool_use", r#"{"web_search_requests":3}"#, none),
    ]);
    (told, format!(r#""{name}":{value}"#))
}

// A count as a liar writes it.
fn count(dice: &mut Dice, most: u64) -> (String, Count) {
    let above = most.saturating_add(1).saturating_mul(1 + dice.below(40));
    let plain = |tokens: u64| (tokens.to_string(), Count::exactly(tokens));
    // What is above the bound counts as that.
    let whole = |json: &str| (json.to_owned(), Count::exactly(u64::MAX));
    let none = |json: &str| (json.to_owned(), Count::default());
    match dice.below(18) {
        0..5 => plain(dice.below(most + 1)),
        5 | 6 => plain(0),
        7 | 8 => plain(above),
        9 => plain(90_000 + dice.below(1_000_000)),
        10 => (format!("\"{above}\""), Count::exactly(above)),
        11 => (format!("{above}.5"), Count::exactly(above + 1)),
        12 => ("1e3".to_owned(), Count::exactly(1_000)),
        13 => none(&format!("-{above}")),
        14 => plain(MOST_TOKENS - 1 + dice.below(3)),
        15 => plain(dice.pick(&[u64::MAX, u64::MAX - 1, 1 << 63, (1 << 63) - 1, 1 << 53, 1 << 32])),
        16 => whole(dice.pick(&["340282366920938463463374607431768211456", "1e300", "1e999", "9.3e18"])),
        _ => none(dice.pick(&["null", "true", "[]", "{}", "\"\"", "\"NaN\"", "\"-7\"", "-0"])),
    }
}
