//! The delivered folder: what stands where, and what of it is told on.

use crate::steps::Step;
use serde::Serialize;

/// The page that explains the folder.
pub const DELIVERY: &str = "DELIVERY.md";

/// A file that is told on to the next agents: a text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TextFile {
    /// Where it stands in the folder.
    pub path: String,
    /// What is in it.
    pub content: String,
}

/// Where a file of a step stands; none where the folder has no place for it.
///
/// Of requirements and design the page for people is taken. Tests and documentation often stand in a folder of their
/// own already, which is then that of the delivered one.
pub fn place(step: Step, name: &str) -> Option<String> {
    match step {
        Step::Requirements => (name == "requirements.md").then(|| name.to_owned()),
        Step::Design => (name == "design.md").then(|| name.to_owned()),
        Step::Code => Some(format!("code/{name}")),
        Step::Tests => Some(format!("tests/{}", name.strip_prefix("tests/").unwrap_or(name))),
        Step::Docs => Some(format!("docs/{}", name.strip_prefix("docs/").unwrap_or(name))),
    }
}

/// Files that fit a payload, and those that do not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Packed {
    /// What is told on.
    pub files: Vec<TextFile>,
    /// What is not, and why.
    pub left_out: Vec<String>,
}

/// The most files that are told on to one agent.
pub const MOST_FILES: usize = 64;
/// The most bytes of all of them.
pub const MOST_BYTES: usize = 200_000;

/// Takes the files in their order as far as they fit. A file is told whole or not at all, but for a first one that is
/// too long by itself: its beginning is more than nothing.
pub fn pack(files: &[TextFile]) -> Packed {
    let mut packed = Packed::default();
    let mut room = MOST_BYTES;
    for file in files {
        let bytes = file.path.len() + file.content.len();
        if packed.files.len() >= MOST_FILES {
            packed.left_out.push(format!("{}: a payload has at most {MOST_FILES} files", file.path));
        } else if bytes <= room {
            room -= bytes;
            packed.files.push(file.clone());
        } else if packed.files.is_empty() {
            let most = room.saturating_sub(file.path.len());
            let (beginning, _) = crate::text::beginning(&file.content, most);
            let told = format!("{} of {} bytes", beginning.len(), file.content.len());
            packed.left_out.push(format!("{}: only its first {told}", file.path));
            packed.files.push(TextFile { path: file.path.clone(), content: beginning.to_owned() });
            room = 0;
        } else {
            packed.left_out.push(format!(
                "{}: its {} bytes have no room in the payload",
                file.path,
                file.content.len()
            ));
        }
    }
    packed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, bytes: usize) -> TextFile {
        TextFile { path: path.to_owned(), content: "x\n".repeat(bytes / 2) }
    }

    #[test]
    fn every_step_has_its_place_in_the_folder() {
        for (step, name, place_of_it) in [
            (Step::Requirements, "requirements.md", Some("requirements.md")),
            (Step::Requirements, "requirements.json", None),
            (Step::Design, "design.md", Some("design.md")),
            (Step::Design, "docs/design.md", None),
            (Step::Code, "src/a.rs", Some("code/src/a.rs")),
            (Step::Code, "DELIVERY.md", Some("code/DELIVERY.md")),
            (Step::Tests, "tests/test_a.py", Some("tests/test_a.py")),
            (Step::Tests, "test_a.py", Some("tests/test_a.py")),
            (Step::Tests, "tests.py", Some("tests/tests.py")),
            (Step::Docs, "docs/README.md", Some("docs/README.md")),
            (Step::Docs, "README.md", Some("docs/README.md")),
        ] {
            assert_eq!(place(step, name).as_deref(), place_of_it, "{step} {name}");
        }
    }

    #[test]
    fn what_does_not_fit_is_named_and_what_comes_after_may_still_fit() {
        let packed = pack(&[file("a", 150_000), file("b", 60_000), file("c", 40_000)]);
        let names: Vec<_> = packed.files.iter().map(|file| file.path.as_str()).collect();
        assert_eq!(names, ["a", "c"]);
        assert_eq!(packed.left_out, ["b: its 60000 bytes have no room in the payload"]);
    }

    #[test]
    fn a_first_file_that_is_too_long_is_cut_and_says_so() {
        let packed = pack(&[file("a", 300_000), file("b", 10)]);
        assert_eq!(packed.files.len(), 1);
        assert!(packed.files[0].content.len() < MOST_BYTES && packed.files[0].content.ends_with('\n'));
        assert!(packed.left_out[0].starts_with("a: only its first 199998 of 300000 bytes"), "{packed:?}");
        assert!(packed.left_out[1].starts_with("b: its 10 bytes"));
    }

    #[test]
    fn no_more_files_than_a_payload_may_have() {
        let files: Vec<_> = (0..=MOST_FILES).map(|number| file(&number.to_string(), 2)).collect();
        let packed = pack(&files);
        assert_eq!((packed.files.len(), packed.left_out.len()), (MOST_FILES, 1));
    }
}
