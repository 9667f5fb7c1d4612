//! Texts of all that agents send: prose, code, data, logs, and what looks like one and is another.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

/// A text, and what of it no rule may touch, in its order.
#[derive(Clone, Debug)]
pub(crate) struct Text {
    pub(crate) whole: String,
    pub(crate) kept: Vec<String>,
}

fn white() -> impl Strategy<Value = &'static str> {
    select(vec!["", "", "", " ", "\n", "\n    ", "\t", "\r\n", "  "])
}

fn leaf() -> impl Strategy<Value = String> {
    prop_oneof![
        select(vec![
            "0",
            "-0",
            "1e15",
            "1E+5",
            "-0.10",
            "12345678901234567890",
            "1.0",
            "2.50e-3",
            "true",
            "false",
            "null"
        ])
        .prop_map(str::to_owned),
        select(vec!["\"\"", "\"a  b\"", "\"\\u00e9\\n \"", "\"\\\"{ \\\\ }\"", "\"// [ 1 ]\"", "\"é漢\""])
            .prop_map(str::to_owned),
        "\"[ a-z]{0,12}\"".prop_map(|text| text),
    ]
}

/// A JSON object or list, with white space anywhere.
pub(crate) fn data() -> impl Strategy<Value = String> {
    let inner = leaf().prop_recursive(4, 24, 5, |inner| {
        let item = (white(), inner, white())
            .prop_map(|(before, value, after)| format!("{before}{value}{after}"))
            .boxed();
        let name = select(vec!["\"a\"", "\"a\"", "\"b c\"", "\"\\u0061\"", "\"\""]);
        let member = (white(), name, white(), item.clone())
            .prop_map(|(before, name, after, value)| format!("{before}{name}{after}:{value}"));
        prop_oneof![
            (vec(item, 0..5), white()).prop_map(|(items, end)| if items.is_empty() {
                format!("[{end}]")
            } else {
                format!("[{}]", items.join(","))
            }),
            (vec(member, 0..5), white()).prop_map(|(all, end)| if all.is_empty() {
                format!("{{{end}}}")
            } else {
                format!("{{{}}}", all.join(","))
            }),
        ]
    });
    (white(), inner).prop_map(|(before, value)| {
        if value.starts_with(['{', '[']) {
            format!("{before}{value}")
        } else {
            format!("{before}[ {value} ]")
        }
    })
}

fn code() -> impl Strategy<Value = String> {
    let line = select(vec![
        "let x = \"a   b\";",
        "// a word   ",
        "",
        "   ",
        "\tif x {",
        "}",
        "{ \"a\":   1 }",
        "# a  ",
        "s = 'it  ' + `t`",
        "x = 1  ",
    ]);
    vec(line, 0..7).prop_map(|lines| lines.iter().flat_map(|line| [*line, "\n"]).collect())
}

/// Fences that stand alone.
const STRAY: [&str; 2] = ["```\n", "~~~\n"];

/// A part of a text, and whether no rule may touch it.
fn part() -> impl Strategy<Value = (String, bool)> {
    let free = |text: String| (text, false);
    let kept = |text: String| (text, true);
    let spaces = select(vec!["", "", "", " ", "  ", "   ", "        "]);
    prop_oneof![
        4 => ("[A-Z][a-z]{1,8}( [a-z]{1,6}('s)?){0,12}[.:,]?", spaces).prop_map(move |(line, end)| free(format!("{line}{end}\n"))),
        3 => vec(select(vec!["\n", "  \n", "\n\n\n"]), 1..4).prop_map(move |lines| free(lines.concat())),
        2 => (select(vec!["```", "~~~", "````", "```rust", "  ```json"]), code()).prop_map(move |(fence, code)| {
            let sign: String = fence.chars().take_while(|sign| !sign.is_alphabetic()).collect();
            kept(format!("{fence}\n{code}{sign}\n"))
        }),
        1 => code().prop_map(move |code| kept(code.lines().flat_map(|line| ["    ", line, "x\n"]).collect())),
        1 => (select(vec!["\"\"\"", "'''", "`"]), code()).prop_map(move |(quote, code)| {
            kept(format!("text = {quote}\n{}{quote}\n", code.replace(['"', '\'', '`'], "")))
        }),
        2 => data().prop_map(move |data| free(format!("{}\n", data.trim()))),
        1 => select(vec!["-- \n", "a\tb\t \n", "1,2, \n", "| a |  |\n", "> quoted  \n", "$ ls -l \n", "it's \"open\n"])
            .prop_map(move |line| free(line.to_owned())),
        1 => (0_u32..90).prop_map(move |lines| {
            let line = |at| format!("2026-11-30T00:{:02}:00Z INFO line {at}\n", at % 60);
            free((0..lines).map(line).collect::<Vec<_>>().concat())
        }),
        1 => (0_u32..40).prop_map(move |lines| {
            free((0..lines).map(|at| format!("    at f{at} (a.js:{at})\n")).collect::<Vec<_>>().concat())
        }),
        1 => "\\PC{0,30}".prop_map(move |line| free(line.replace(['`', '~'], "") + "\n")),
        1 => select(vec!["```\n", "~~~\n", "cat <<EOF\n", "x = \"\n", "{\n", "[\n", "a ```b``` c\n"]).prop_map(move |line| free(line.to_owned())),
        1 => select(vec!["--- a/x\n+++ b/x\n@@ -1 +1 @@\n", "fn a() {\n}\nfn b() {\n}\n"]).prop_map(move |line| free(line.to_owned())),
    ]
}

pub(crate) fn text() -> impl Strategy<Value = Text> {
    vec(part(), 0..9).prop_map(|mut parts| {
        // A fence that is none's end begins a block, and then nothing after it is what it looks like.
        let stray = parts.iter().position(|(text, _)| STRAY.contains(&text.as_str())).unwrap_or(parts.len());
        for (_, kept) in &mut parts[stray..] {
            *kept = false;
        }
        Text {
            whole: parts.iter().map(|(text, _)| text.as_str()).collect(),
            kept: parts
                .into_iter()
                .filter(|(text, kept)| *kept && !text.is_empty())
                .map(|(text, _)| text)
                .collect(),
        }
    })
}

/// Pieces, of which some come again whole or in part, each with whether it may be shortened.
pub(crate) fn conversation() -> impl Strategy<Value = Vec<(bool, String)>> {
    let long = (part(), 1_usize..3).prop_map(|((text, _), times)| text.repeat(times));
    let shared = vec(long, 1..5);
    (shared, vec((any::<bool>(), vec((any::<prop::sample::Index>(), any::<bool>(), part()), 0..6)), 1..6))
        .prop_map(|(shared, pieces)| {
            let text = |parts: &[(prop::sample::Index, bool, (String, bool))]| -> String {
                let one = |(at, own, (text, _)): &(prop::sample::Index, bool, (String, bool))| {
                    if *own { text.clone() } else { format!("{}\n\n", at.get(&shared)) }
                };
                parts.iter().map(one).collect()
            };
            pieces.iter().map(|(free, parts)| (*free, text(parts))).collect()
        })
}
