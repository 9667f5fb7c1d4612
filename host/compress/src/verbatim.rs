//! Where a text may begin that is meant sign by sign over several lines: long strings of languages, and what markup shows as
//! it is. Source: the references of the languages that are named beside each.

/// Signs that stand in pairs on a line, or open what ends on another.
const PAIRS: [(&str, &str); 22] = [
    // LaTeX, whatever the environment.
    ("\\begin{", "\\end{"),
    // Plain markup, its tags in small letters.
    ("<pre", "</pre"),
    ("<textarea", "</textarea"),
    ("<code", "</code"),
    ("<samp", "</samp"),
    ("<script", "</script"),
    ("<style", "</style"),
    ("<xmp", "</xmp"),
    ("<listing", "</listing"),
    ("<plaintext", "</plaintext"),
    ("<![cdata[", "]]>"),
    // Wikis.
    ("<nowiki", "</nowiki"),
    ("<poem", "</poem"),
    ("<source", "</source"),
    ("<syntaxhighlight", "</syntaxhighlight"),
    ("[code", "[/code"),
    ("[pre", "[/pre"),
    // OCaml.
    ("{|", "|}"),
    // Groovy.
    ("$/", "/$"),
    // Templates.
    ("{% raw", "{% endraw"),
    ("{% verbatim", "{% endverbatim"),
    ("{% highlight", "{% endhighlight"),
];
/// Signs that open and close: an odd number of them on a line leaves one open. SQL; Jsonnet; Jira's wiki.
const TOGGLES: [&str; 4] = ["$$", "|||", "{code", "{noformat"];
/// What is never closed on its own line, in small letters: HTML's styles, XML, Org, PEM, SQL's `COPY`, Raku.
const TO_THE_END: [&str; 8] = [
    "white-space:",
    "xml:space",
    "#+begin",
    "-----begin ",
    " from stdin",
    "q:to",
    ":heredoc",
    "format=flowed",
];
/// Lines that begin so, without the spaces before: AsciiDoc; Zig; Textile.
const LINES: [&str; 8] = ["[source", "[listing", "[literal", "[verse", "[quote", "\\\\", "bc.", "pre."];
/// All of a line: Perl and Ruby; AsciiDoc's passages.
const WHOLE: [&str; 4] = ["__data__", "__end__", "....", "++++"];
/// How a line ends: PowerShell; Nix; what YAML keeps.
const ENDS: [&str; 10] = ["@'", "@\"", "= ''", "(''", ": |", ": |-", ": |+", ": >", ": >-", ": >+"];
/// The letters: Perl's and D's; before those of Ruby stands a `%`, before Elixir's a `~`.
const QUOTES: [&str; 9] = ["q", "qq", "qw", "qr", "qx", "m", "s", "y", "tr"];

/// Whether something begins on a line, outside of fences and of data, that may be meant sign by sign to where it ends on
/// another. It is looked for by its signs alone, whatever language the text is in: what is taken for one in vain only stays
/// as it is.
pub(crate) fn opens(line: &str) -> bool {
    let line = line.trim();
    if line.is_empty() {
        return false;
    }
    let small = line.to_ascii_lowercase();
    let signs = signs_of(&small);
    // Most signs are told to be absent without a search.
    let may_have = |sign: &str| signs_of(sign) & !signs == 0;
    let open = |(opens, closes): &(&str, &str)| {
        may_have(opens) && small.rfind(opens).is_some_and(|at| !small[at + opens.len()..].contains(closes))
    };
    PAIRS.iter().any(open)
        || TOGGLES.iter().any(|sign| may_have(sign) && small.matches(sign).count() % 2 == 1)
        || TO_THE_END.iter().any(|sign| may_have(sign) && small.contains(sign))
        || LINES.iter().any(|begins| small.starts_with(begins))
        || WHOLE.contains(&small.as_str())
        || ENDS.iter().any(|ends| small.ends_with(ends))
        || matches!(small.as_str(), "''" | "|" | "--- |" | "--- >")
        || opens_tagged(line)
        || opens_long_bracket(line)
        || opens_quote(line)
}

// A dollar, a name, a dollar, in SQL; one that stands alone on its line or at its end.
fn opens_tagged(line: &str) -> bool {
    let Some(before) = line.strip_suffix('$') else { return false };
    let name = before.trim_end_matches(|sign: char| sign.is_ascii_alphanumeric() || sign == '_');
    let tag = &line[name.len()..];
    let opened = name.ends_with('$') && !tag.starts_with(|sign: char| sign.is_ascii_digit());
    opened && name.matches(tag).count() % 2 == 0
}

// Two brackets with any number of `=` between them, in Lua and CMake; a name and a `|` behind one, in Haskell.
fn opens_long_bracket(line: &str) -> bool {
    line.match_indices('[').any(|(at, _)| {
        let rest = &line[at + 1..];
        let level = rest.len() - rest.trim_start_matches('=').len();
        let long = rest[level..]
            .strip_prefix('[')
            .is_some_and(|inner| !inner.contains(&format!("]{}]", &rest[..level])));
        let name =
            rest.trim_start_matches(|sign: char| sign.is_ascii_alphanumeric() || matches!(sign, '_' | '.'));
        let quasi =
            name.len() < rest.len() && name.strip_prefix('|').is_some_and(|inner| !inner.contains("|]"));
        long || quasi
    })
}

// `q{`, `%q(`, `~S(` and the like, with no end on the line.
fn opens_quote(line: &str) -> bool {
    line.char_indices().any(|(at, sign)| {
        let Some(close) = closing(sign) else { return false };
        let before = line[..at].trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
        let letters = &line[before.len()..at];
        let named = match before.chars().next_back() {
            Some('%') => letters.len() <= 1,
            Some('~') => !letters.is_empty() && letters.len() <= 3,
            // Perl allows a space before the bracket, but not before `#`.
            Some(' ') if letters.is_empty() && sign != '#' => is_quote(last_word(before)),
            Some(other) if other.is_alphanumeric() || other == '_' => false,
            _ => is_quote(letters),
        };
        named && !line[at + sign.len_utf8()..].contains(close)
    })
}

/// What ends the words of a string in Perl, Ruby and Elixir that this begins, behind its letters.
fn closing(open: char) -> Option<char> {
    match open {
        '{' => Some('}'),
        '(' => Some(')'),
        '[' => Some(']'),
        '<' => Some('>'),
        '|' | '!' | '/' | '#' | '~' => Some(open),
        _ => None,
    }
}

/// Which signs of ASCII a text has.
fn signs_of(text: &str) -> u128 {
    text.bytes().filter(u8::is_ascii).fold(0, |signs, sign| signs | 1 << sign)
}

fn is_quote(letters: &str) -> bool {
    QUOTES.contains(&letters)
}

fn last_word(text: &str) -> &str {
    text.trim_end().rsplit(|sign: char| !sign.is_alphanumeric() && sign != '_').next().unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ends_on_another_line_is_open_and_what_ends_on_its_own_is_not() {
        for line in [
            "s = [[",
            "set(x [=[",
            "my $s = q{",
            "my $s = qq {",
            "x = %q(",
            "x = %(",
            "x = ~S(",
            "x = ~s|",
            "SELECT $$",
            "AS $body$",
            "\\begin{verbatim}",
            "<pre>",
            "<PRE class=\"x\">a",
            "<textarea rows=2>",
            "<![CDATA[",
            "x = ''",
            "$s = @'",
            "text: |",
            "x = [r|",
            "let x = {|",
            "__END__",
            "#+BEGIN_SRC sh",
            "-----BEGIN PGP SIGNED MESSAGE-----",
            "COPY t FROM stdin;",
            "\\\\ a line of Zig",
        ] {
            assert!(opens(line), "{line}");
        }
        for line in [
            "",
            "a [[link]] in a wiki, and if [[ -f x ]] too",
            "It is so (or so), by 5 % (of them)",
            "items (of which",
            "q{a} and ~S(b) and %w[a b]",
            "<pre>a</pre> and <code>b</code>",
            "It costs $5, and $x$ is known",
            "2026-11-30T06:10:00Z INFO x: served [a] {b} <c>",
            "| a | b |",
            "| a |",
            "the questions (see below",
            "[1, 2, 3]",
            "> quoted",
        ] {
            assert!(!opens(line), "{line}");
        }
    }
}
