//! Whether the brackets, texts and comments of a program close: what a file that lost its end or a piece of its middle
//! fails first.
//!
//! No grammar stands behind it. Languages in which text cannot be told from code without one (markup, templates, shells)
//! are not looked at, and what could be read in two ways is let pass: a good file that is refused costs more than a bad
//! one that is not seen.

/// How a language writes texts and comments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Family {
    Rust,
    Script,
    Python,
    Go,
    Java,
    C,
    Css,
}

impl Family {
    fn of(ending: &str) -> Option<Self> {
        Some(match ending {
            "rs" => Self::Rust,
            "js" | "mjs" | "cjs" | "ts" | "mts" | "cts" => Self::Script,
            "py" | "pyi" => Self::Python,
            "go" => Self::Go,
            "java" => Self::Java,
            "c" | "h" | "cpp" | "cc" | "cxx" | "hpp" | "hh" | "hxx" => Self::C,
            "css" => Self::Css,
            _ => return None,
        })
    }

    fn line_comment(self) -> &'static str {
        match self {
            Self::Python => "#",
            Self::Css => "\0",
            _ => "//",
        }
    }
}

/// What does not close in a file with this ending, as the end of a sentence about it.
pub fn fault(ending: &str, text: &str) -> Option<String> {
    let family = Family::of(ending)?;
    // Of the branches of `#if … #else` each may open what one end closes.
    if family == Family::C && ["#else", "#elif", "#if 0"].iter().any(|branch| text.contains(branch)) {
        return None;
    }
    let fault = Scanner::new(family, text).scan().err()?;
    // Markup in a script has texts without quotation marks.
    let markup = family == Family::Script && (text.contains("</") || text.contains("/>"));
    (!markup).then_some(fault)
}

/// What is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Open {
    bracket: u8,
    line: usize,
    /// It is `${` in a template, which goes on behind its end.
    in_template: bool,
}

struct Scanner<'a> {
    family: Family,
    text: &'a [u8],
    at: usize,
    line: usize,
    open: Vec<Open>,
    /// The last byte that is neither white nor in a comment, and where the word begins that it ends.
    last: u8,
    word: usize,
}

type Step = Result<(), String>;

impl<'a> Scanner<'a> {
    fn new(family: Family, text: &'a str) -> Self {
        Self { family, text: text.as_bytes(), at: 0, line: 1, open: Vec::new(), last: b'\n', word: 0 }
    }

    fn scan(mut self) -> Step {
        if self.rest().starts_with(b"#!") && !self.rest().starts_with(b"#![") {
            self.skip_line();
        }
        while self.at < self.text.len() {
            self.step()?;
        }
        match self.open.last() {
            Some(Open { bracket, line, .. }) => {
                Err(format!("`{}` of line {line} is never closed", char::from(*bracket)))
            }
            None => Ok(()),
        }
    }

    fn rest(&self) -> &'a [u8] {
        &self.text[self.at.min(self.text.len())..]
    }

    /// One byte on.
    fn take(&mut self) {
        self.line += usize::from(self.text.get(self.at) == Some(&b'\n'));
        self.at += 1;
    }

    fn skip(&mut self, bytes: usize) {
        (0..bytes).for_each(|_| self.take());
    }

    fn skip_line(&mut self) {
        while self.rest().first().is_some_and(|byte| *byte != b'\n') {
            self.at += 1;
        }
    }

    fn step(&mut self) -> Step {
        let rest = self.rest();
        let byte = rest[0];
        if byte.is_ascii_whitespace() {
            self.take();
            return Ok(());
        }
        if rest.starts_with(self.family.line_comment().as_bytes()) {
            self.skip_line();
            return Ok(());
        }
        if rest.starts_with(b"/*") && self.family != Family::Python {
            return self.comment();
        }
        let begun = self.at;
        let word = self.word;
        match byte {
            b'(' | b'[' | b'{' => self.opens(byte, false),
            b')' | b']' | b'}' => self.closes(byte)?,
            b'#' if self.family == Family::C && self.begins_a_line() => self.directive()?,
            b'"' | b'\'' | b'`' => self.quoted(byte)?,
            b'/' if self.family == Family::Script && self.regex_may_begin() => self.regex(),
            b'\\' if self.family == Family::Css => self.skip(2),
            _ => self.take(),
        }
        self.last = self.text[self.at.min(self.text.len()) - 1];
        // A word goes on as long as nothing stands between.
        let goes_on = is_word(byte) && begun > 0 && is_word(self.text[begun - 1]);
        self.word = if goes_on { word } else { begun };
        Ok(())
    }

    fn begins_a_line(&self) -> bool {
        let before = self.text[..self.at].iter().rev().find(|byte| !matches!(byte, b' ' | b'\t'));
        before.is_none_or(|byte| *byte == b'\n')
    }

    fn opens(&mut self, bracket: u8, in_template: bool) {
        self.open.push(Open { bracket, line: self.line, in_template });
        let unquoted_address =
            self.family == Family::Css && bracket == b'(' && self.text[..self.at].ends_with(b"url");
        self.take();
        let quoted = matches!(self.rest().trim_ascii_start().first(), Some(b'"' | b'\''));
        if unquoted_address && !quoted {
            while self.rest().first().is_some_and(|byte| *byte != b')') {
                self.take();
            }
        }
    }

    fn closes(&mut self, bracket: u8) -> Step {
        let (said, line) = (char::from(bracket), self.line);
        let Some(open) = self.open.pop() else {
            return Err(format!("`{said}` in line {line} closes nothing"));
        };
        let pair = matches!((open.bracket, bracket), (b'(', b')') | (b'[', b']') | (b'{', b'}'));
        if !pair {
            let opened = char::from(open.bracket);
            return Err(format!(
                "`{opened}` of line {} is not closed before `{said}` in line {line}",
                open.line
            ));
        }
        self.take();
        if open.in_template { self.template(open.line) } else { Ok(()) }
    }

    fn comment(&mut self) -> Step {
        let line = self.line;
        let mut deep = 0_usize;
        while self.at < self.text.len() {
            let rest = self.rest();
            if rest.starts_with(b"/*") && (deep == 0 || self.family == Family::Rust) {
                deep += 1;
                self.skip(2);
            } else if rest.starts_with(b"*/") {
                deep -= 1;
                self.skip(2);
                if deep == 0 {
                    return Ok(());
                }
            } else {
                self.take();
            }
        }
        Err(format!("the comment of line {line} is never closed"))
    }

    /// A line for the preprocessor, with the lines that it goes on to: its brackets may be halves.
    fn directive(&mut self) -> Step {
        while let Some(byte) = self.rest().first() {
            if self.rest().starts_with(b"/*") {
                self.comment()?;
            } else if *byte == b'\n'
                && !self.text[..self.at].ends_with(b"\\")
                && !self.text[..self.at].ends_with(b"\\\r")
            {
                break;
            } else {
                self.take();
            }
        }
        Ok(())
    }

    fn quoted(&mut self, quote: u8) -> Step {
        let line = self.line;
        let triple = [quote; 3];
        if quote == b'"'
            && let Some((end, begins)) = self.raw()
        {
            return self.until(&end, begins, Escapes::No, Lines::Many);
        }
        match (self.family, quote) {
            (Family::Script, b'`') => {
                self.take();
                return self.template(line);
            }
            (Family::Go, b'`') => return self.until(b"`", 1, Escapes::No, Lines::Many),
            (_, b'`') => self.take(),
            (Family::Python, _) | (Family::Java, b'"') if self.rest().starts_with(&triple) => {
                return self.until(&triple, 3, Escapes::Yes, Lines::Many);
            }
            (Family::Rust, b'\'') => self.character_or_lifetime(),
            (Family::C, b'\'') if self.is_in_a_number() => self.take(),
            (Family::Rust, _) => return self.until(b"\"", 1, Escapes::Yes, Lines::Many),
            _ => return self.until(&[quote], 1, Escapes::Yes, Lines::One),
        }
        Ok(())
    }

    /// To the end of a text that begins here with so many bytes.
    fn until(&mut self, end: &[u8], begins: usize, escapes: Escapes, lines: Lines) -> Step {
        let line = self.line;
        self.skip(begins);
        while let Some(byte) = self.rest().first() {
            if self.rest().starts_with(end) {
                self.skip(end.len());
                return Ok(());
            }
            match byte {
                b'\\' if escapes == Escapes::Yes => {
                    // An end of line is one thing, however many bytes it has.
                    let return_first = self.rest().starts_with(b"\\\r\n");
                    self.skip(if return_first { 3 } else { 2 });
                }
                b'\n' if lines == Lines::One => break,
                _ => self.take(),
            }
        }
        Err(format!("the text of line {line} is never closed"))
    }

    /// On in a template, to its end or to a value in it.
    fn template(&mut self, line: usize) -> Step {
        while let Some(byte) = self.rest().first() {
            match byte {
                b'`' => {
                    self.take();
                    return Ok(());
                }
                b'\\' => self.skip(2),
                b'$' if self.rest().starts_with(b"${") => {
                    self.take();
                    self.opens(b'{', true);
                    return Ok(());
                }
                _ => self.take(),
            }
        }
        Err(format!("the text of line {line} is never closed"))
    }

    /// `'a'` is one thing, and `'a` another.
    fn character_or_lifetime(&mut self) {
        let inside = &self.rest()[1..];
        let escaped = inside.first() == Some(&b'\\');
        let bytes = if escaped {
            inside.iter().skip(2).position(|byte| *byte == b'\'').map(|end| end + 2)
        } else {
            let bytes = 1 + inside.iter().skip(1).take_while(|byte| (0x80..0xC0).contains(*byte)).count();
            (inside.get(bytes) == Some(&b'\'')).then_some(bytes)
        };
        self.skip(bytes.map_or(1, |bytes| bytes + 2));
    }

    /// The `'` of `1'000`.
    fn is_in_a_number(&self) -> bool {
        let before = &self.text[..self.at];
        let word = before.iter().rev().take_while(|byte| is_word(**byte) || **byte == b'\'').count();
        before[before.len() - word..].first().is_some_and(u8::is_ascii_digit)
    }

    /// Of a text without escapes: what ends it, and with how many bytes it begins from its quotation mark on.
    fn raw(&self) -> Option<(Vec<u8>, usize)> {
        let before = &self.text[..self.at];
        let hashes = match self.family {
            Family::Rust => before.iter().rev().take_while(|byte| **byte == b'#').count(),
            Family::C => 0,
            _ => return None,
        };
        let before = &before[..before.len() - hashes];
        let word = before.iter().rev().take_while(|byte| is_word(**byte)).count();
        match (self.family, &before[before.len() - word..]) {
            (Family::Rust, b"r" | b"br" | b"cr") => {
                Some(([b"\"".as_slice(), &vec![b'#'; hashes]].concat(), 1))
            }
            (Family::C, b"R" | b"LR" | b"uR" | b"UR" | b"u8R") => {
                let name = self.rest()[1..].iter().position(|byte| *byte == b'(')?;
                Some(([b")", &self.rest()[1..=name], b"\""].concat(), name + 2))
            }
            _ => None,
        }
    }

    /// Whether a `/` here begins a pattern, and divides nothing.
    fn regex_may_begin(&self) -> bool {
        const BEFORE: [&[u8]; 14] = [
            b"return",
            b"typeof",
            b"case",
            b"in",
            b"of",
            b"delete",
            b"void",
            b"throw",
            b"new",
            b"else",
            b"do",
            b"instanceof",
            b"await",
            b"yield",
        ];
        if is_word(self.last) {
            let end = self.text[..self.at].trim_ascii_end().len();
            return self.text.get(self.word..end).is_some_and(|word| BEFORE.contains(&word));
        }
        !matches!(self.last, b')' | b']' | b'"' | b'\'' | b'`')
    }

    /// A pattern, where it has an end in its line; else a sign.
    fn regex(&mut self) {
        let (mut bytes, mut in_class) = (1, false);
        while let Some(byte) = self.rest().get(bytes) {
            match byte {
                b'\\' => bytes += 1,
                b'[' => in_class = true,
                b']' => in_class = false,
                b'/' if !in_class => return self.skip(bytes + 1),
                b'\n' => break,
                _ => {}
            }
            bytes += 1;
        }
        self.take();
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Escapes {
    Yes,
    No,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Lines {
    One,
    Many,
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$') || byte >= 0x80
}
