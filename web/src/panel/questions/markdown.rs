//! Markdown of a stranger as HTML in which nothing of the stranger's is more than text: HTML is shown as it is written,
//! a link and a picture as their words and their address.

use pulldown_cmark::{Alignment, Event, HeadingLevel, Options, Parser, Tag, TagEnd, html};

/// How deep blocks stand within each other; what is deeper stands beside each other.
const DEEPEST: usize = 16;
/// A row and its cells stand within a table.
const WITHIN_TABLE: usize = 2;
/// The most cells of all tables: a short row is filled up with empty ones, so that few words could make very many.
const MOST_CELLS: usize = 4_000;
/// A table is as wide as its words are, and is scrolled in a box of its own. The box can be reached by the keyboard.
const BOX: &str = r#"<div class="table-box" tabindex="0" role="region" aria-label="Table">"#;

/// The text as HTML that is safe to be shown.
pub(super) fn shown(text: &str) -> String {
    let mut plain = Plain::default();
    let events = Parser::new_ext(text, Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TABLES);
    let mut out = String::new();
    html::push_html(&mut out, events.filter_map(|event| plain.event(event)));
    // The stranger's own `<` is never one in here.
    out.replace("<table>", &format!("{BOX}<table>")).replace("</table>", "</table></div>")
}

/// What is open while a text is read.
#[derive(Default)]
struct Plain {
    depth: usize,
    /// The addresses of links and pictures that are open.
    addresses: Vec<String>,
    /// How many cells there were.
    cells: usize,
    /// Whether a table is open that stands too deep to be one.
    untabled: bool,
}

impl Plain {
    fn event<'a>(&mut self, event: Event<'a>) -> Option<Event<'a>> {
        match event {
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                self.addresses.push(dest_url.into_string());
                None
            }
            Event::End(TagEnd::Link | TagEnd::Image) => {
                self.addresses.pop().map(|address| Event::Text(format!(" ({address})").into()))
            }
            Event::Start(Tag::Table(_)) if self.depth + WITHIN_TABLE >= DEEPEST => {
                self.untabled = true;
                Some(Event::Start(Tag::Paragraph))
            }
            Event::End(TagEnd::Table) if self.untabled => {
                self.untabled = false;
                Some(Event::End(TagEnd::Paragraph))
            }
            Event::Start(Tag::TableHead | Tag::TableRow)
            | Event::End(TagEnd::TableHead | TagEnd::TableRow)
                if self.untabled =>
            {
                None
            }
            Event::Start(Tag::TableCell) => {
                self.cells += 1;
                self.is_cell().then_some(Event::Start(Tag::TableCell))
            }
            Event::End(TagEnd::TableCell) => {
                let end =
                    if self.is_cell() { Event::End(TagEnd::TableCell) } else { Event::Text(" ".into()) };
                (self.cells <= MOST_CELLS || self.untabled).then_some(end)
            }
            Event::Start(tag) => {
                self.depth += 1;
                (self.depth <= DEEPEST).then(|| Event::Start(tame(tag)))
            }
            Event::End(end) => {
                self.depth = self.depth.saturating_sub(1);
                (self.depth < DEEPEST).then(|| Event::End(tame_end(end)))
            }
            Event::Html(text) | Event::InlineHtml(text) => Some(Event::Text(text)),
            other => Some(other),
        }
    }

    /// Whether the cell that is open stands in a table that is shown as one.
    fn is_cell(&self) -> bool {
        !self.untabled && self.cells <= MOST_CELLS
    }
}

// The page has headings of its own above these.
fn tame(tag: Tag<'_>) -> Tag<'_> {
    match tag {
        Tag::HtmlBlock => Tag::Paragraph,
        Tag::Heading { .. } => {
            Tag::Heading { level: HeadingLevel::H4, id: None, classes: Vec::new(), attrs: Vec::new() }
        }
        // The words after the fence are the stranger's.
        Tag::CodeBlock(_) => Tag::CodeBlock(pulldown_cmark::CodeBlockKind::Indented),
        // Where its words stand in a cell is none of the stranger's affair: that is a style.
        Tag::Table(columns) => Tag::Table(columns.into_iter().map(|_| Alignment::None).collect()),
        other => other,
    }
}

fn tame_end(end: TagEnd) -> TagEnd {
    match end {
        TagEnd::HtmlBlock => TagEnd::Paragraph,
        TagEnd::Heading(_) => TagEnd::Heading(HeadingLevel::H4),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_strangers_text_becomes_html_a_link_or_a_picture() {
        for (text, html) in [
            ("**now** or _later_", "<p><strong>now</strong> or <em>later</em></p>\n"),
            ("<b onclick=x>hi</b>", "<p>&lt;b onclick=x&gt;hi&lt;/b&gt;</p>\n"),
            ("<script>\nalert(1)\n</script>", "<p>&lt;script&gt;\nalert(1)\n&lt;/script&gt;</p>\n"),
            ("[here](https://x.test 'a')", "<p>here (https://x.test)</p>\n"),
            ("![see](https://x.test/a.png)", "<p>see (https://x.test/a.png)</p>\n"),
            ("[a](javascript:alert)", "<p>a (javascript:alert)</p>\n"),
            ("<https://x.test>", "<p>https://x.test (https://x.test)</p>\n"),
            ("# Big", "<h4>Big</h4>\n"),
            ("```x\" y=\"\na<b\n```", "<pre><code>a&lt;b\n</code></pre>\n"),
        ] {
            assert_eq!(shown(text), html, "{text}");
        }
    }

    #[test]
    fn a_table_is_one_and_its_words_are_text() {
        let html =
            shown("| file | what |\n| --: | --- |\n| `b.js` | <i>x</i> [y](https://x.test) |\n| one |\n");
        for part in [
            BOX,
            "<table><thead><tr><th>file</th><th>what</th></tr></thead><tbody>",
            "<td><code>b.js</code></td><td>&lt;i&gt;x&lt;/i&gt; y (https://x.test)</td>",
            "<tr><td>one</td><td></td></tr>",
            "</table></div>",
        ] {
            assert!(html.contains(part), "{part} is not in {html}");
        }
        assert!(!html.contains("style="), "{html}");
    }

    #[test]
    fn few_words_do_not_make_very_many_cells() {
        let columns = 1_000;
        let text =
            format!("{0}|\n{1}|\n{2}", "|a".repeat(columns), "|-".repeat(columns), "|b|\n".repeat(10_000));
        let html = shown(&text);
        assert!(html.matches("<td>").count() <= MOST_CELLS, "{}", html.len());
        assert_eq!(html.matches("<td>").count(), html.matches("</td>").count());
        assert!(html.len() < 12 * text.len(), "{} of {}", html.len(), text.len());
    }

    #[test]
    fn a_table_that_stands_too_deep_is_a_paragraph() {
        for depth in 1..40 {
            let quote = ">".repeat(depth);
            let html = shown(&format!("{quote} | a | b |\n{quote} | - | - |\n{quote} | c | d |\n"));
            for tag in ["table", "tr", "td", "th", "tbody", "p", "blockquote"] {
                let (open, close) = (format!("<{tag}>"), format!("</{tag}>"));
                assert_eq!(html.matches(&open).count(), html.matches(&close).count(), "{depth}: {html}");
            }
            assert!(html.contains('a') && html.contains('d'), "{html}");
        }
    }

    #[test]
    fn blocks_stand_within_each_other_only_so_deep() {
        let deep = shown(&format!("{} x", ">".repeat(5_000)));
        assert!(deep.matches("<blockquote>").count() <= DEEPEST, "{}", deep.len());
        assert_eq!(deep.matches("<blockquote>").count(), deep.matches("</blockquote>").count());
    }
}
