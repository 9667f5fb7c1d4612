//! What is meant sign by sign stays so, however a language opens it, and so does all where somebody asks about the layout.
//!
//! `ANVIL_COMPRESS_INPUTS=1000000`: so many texts instead of 20,000.

use anvil_compress::{Compressor, Level};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, TestRunner};

/// What opens a text over several lines, and what closes it.
const LONG: [(&str, &str); 36] = [
    ("s = [[", "]]"),
    ("set(x [=[", "]=])"),
    ("$s = <<<X", "X;"),
    ("$s = <<<'X'", "X;"),
    ("s = <<~X", "X"),
    ("cat <<-\\X", "X"),
    ("my $s = q{", "};"),
    ("my $s = qq (", ");"),
    ("x = %q(", ")"),
    ("x = %w[", "]"),
    ("x = ~S(", ")"),
    ("x = ~s|", "|"),
    ("x = ~S\"\"\"", "\"\"\""),
    ("SELECT $$", "$$;"),
    ("AS $body$", "$body$;"),
    ("\\begin{verbatim}", "\\end{verbatim}"),
    ("\\begin{lstlisting}[language=C]", "\\end{lstlisting}"),
    ("<pre>", "</pre>"),
    ("<PRE class=\"x\">", "</PRE>"),
    ("<textarea name=\"a\">", "</textarea>"),
    ("<a><![CDATA[", "]]></a>"),
    ("x = ''", "'';"),
    ("$s = @'", "'@"),
    ("$s = @\"", "\"@"),
    ("val s = s\"\"\"", "\"\"\""),
    ("x = '''", "'''"),
    ("x = `", "`"),
    ("KEY=\"a", "b\""),
    ("let x = {|", "|}"),
    ("x = [r|", "|]"),
    ("def x = $/", "/$"),
    ("x = |||", "|||"),
    ("#+BEGIN_EXAMPLE", "#+END_EXAMPLE"),
    ("{noformat}", "{noformat}"),
    ("__END__", ""),
    ("COPY t FROM stdin;", "\\."),
];
const QUESTIONS: [&str; 10] = [
    "How many blank lines are between A and B?",
    "Is this file formatted with 2 or with 4 spaces?",
    "Fix the indentation.",
    "Which lines have trailing white space?",
    "Is there any whitespace at the end?",
    "Put a line break where it belongs.",
    "Check the formatting.",
    "What stands in column 3?",
    "Are the values aligned?",
    "Copy it verbatim.",
];

fn lines() -> impl Strategy<Value = String> {
    let line = select(vec![
        "",
        "",
        "   ",
        "keep",
        "a word   ",
        "so it ends. ",
        "{ \"a\" :  1 }",
        "{\n  \"a\": 1\n}",
        "and (more)     ",
    ]);
    vec(line, 0..9).prop_map(|lines| lines.iter().flat_map(|line| [*line, "\n"]).collect())
}

fn for_many<T: std::fmt::Debug>(
    strategy: impl Strategy<Value = T>,
    holds: impl Fn(T) -> Result<(), TestCaseError>,
) {
    let cases =
        std::env::var("ANVIL_COMPRESS_INPUTS").map_or(20_000, |inputs| inputs.parse().expect("a number"));
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    TestRunner::new(config).run(&strategy, holds).expect("it holds");
}

#[test]
fn a_string_over_several_lines_keeps_every_sign_of_it() {
    for_many(
        (lines(), select(LONG.to_vec()), lines(), lines()),
        |(before, (opens, closes), within, after)| {
            let long = format!("{opens}\n{within}{closes}\n");
            let text = format!("{before}{long}{after}");
            let told = Compressor::new(Level::Lossless).piece(&text);
            prop_assert!(told.contains(&long), "{:?} is gone from {:?}", long, told);
            Ok(())
        },
    );
}

#[test]
fn mail_that_flows_flows_on() {
    let line = select(vec!["This goes on ", "and on ", "> and is quoted ", "It ends here.", ""]);
    for_many(vec(line, 0..12), |lines| {
        let text = lines.join("\n");
        let told = Compressor::new(Level::Lossless).piece(&text);
        let shown = |text: &str| -> Vec<String> {
            text.split('\n').filter(|line| !line.is_empty()).map(str::to_owned).collect()
        };
        prop_assert_eq!(shown(&told), shown(&text));
        Ok(())
    });
}

#[test]
fn what_follows_a_question_about_the_layout_keeps_it() {
    for_many((lines(), select(QUESTIONS.to_vec()), vec(lines(), 0..4)), |(before, question, after)| {
        let asked = format!("{before}{question}\n");
        let mut compressor = Compressor::new(Level::Lossless);
        let data = "{\n  \"a\": 1\n}\n";
        prop_assert_eq!(compressor.piece(data), "{\"a\":1}\n");
        compressor.said(&asked);
        for text in after.iter().chain([&asked]) {
            prop_assert_eq!(&compressor.piece(text), text);
        }
        Ok(())
    });
}
