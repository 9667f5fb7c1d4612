//! No file is understood by reading half a crate: files that import each other in a circle are few.

use crate::imports::Crate;
use std::collections::{BTreeMap, BTreeSet};

/// How many files may import each other in a circle.
const MOST: usize = 3;

/// The largest group of files each of which imports, by whatever way, each of the others.
fn largest_circle<'a>(imports: &BTreeMap<&'a str, BTreeSet<&'a str>>) -> BTreeSet<&'a str> {
    let reached = |from: &'a str| {
        let (mut reached, mut left) = (BTreeSet::new(), vec![from]);
        while let Some(file) = left.pop() {
            left.extend(imports[file].iter().filter(|next| reached.insert(**next)));
        }
        reached
    };
    let all: BTreeMap<&str, BTreeSet<&str>> = imports.keys().map(|file| (*file, reached(file))).collect();
    let circle = |file: &&'a str| -> BTreeSet<&'a str> {
        all[file].iter().copied().filter(|other| all[other].contains(file)).collect()
    };
    all.keys().map(circle).max_by_key(BTreeSet::len).unwrap_or_default()
}

#[test]
fn files_that_import_each_other_in_a_circle_are_three_at_most() {
    let mut wrong = Vec::new();
    let mut crates = 0;
    for (name, src) in crate::sources() {
        crates += 1;
        let sources = Crate::read(&src);
        let imports = sources.imports();
        let circle = largest_circle(&imports);
        if circle.len() > MOST {
            let within = circle.iter().map(|file| {
                let inner: Vec<_> = imports[file].intersection(&circle).copied().collect();
                format!("  {file} imports {}", inner.join(", "))
            });
            let within: Vec<_> = within.collect();
            let size = circle.len();
            wrong.push(format!(
                "{size} files of `{name}` import each other in a circle, of {MOST} at most:\n{}",
                within.join("\n")
            ));
        }
    }
    assert!(crates > 10, "only {crates} crates were looked at");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_circle_is_found_through_whatever_names_a_file() {
    let dir = tempfile::tempdir().expect("a folder");
    for (file, text) in [
        ("lib.rs", "mod a; mod b; mod c; mod d; pub use a::A; pub(crate) use b::*; #[cfg(test)] mod t;"),
        ("a.rs", "use crate::{B, c}; pub struct A(B, c::C);"),
        (
            "b/mod.rs",
            "pub struct B; fn f() { println!(\"{}\", crate::c::C); } mod inner { use super::super::c; }",
        ),
        ("c.rs", "pub struct C; impl C { fn f(self) -> super::A { let d = crate::d::D; todo!() } }"),
        ("d.rs", "pub(crate) struct D; m!(pub(super) d); #[cfg(test)] mod tests { use crate::A; }"),
        ("t.rs", "use crate::A;"),
    ] {
        let path = dir.path().join(file);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(path, text).expect("written");
    }
    let sources = Crate::read(dir.path());
    let imports = sources.imports();
    assert_eq!(imports["a.rs"], BTreeSet::from(["b/mod.rs", "c.rs"]));
    assert_eq!(imports["b/mod.rs"], BTreeSet::from(["c.rs"]));
    assert_eq!(imports["c.rs"], BTreeSet::from(["a.rs", "d.rs"]));
    assert_eq!((imports["lib.rs"].len(), imports["d.rs"].len()), (0, 0), "{imports:?}");
    assert!(!imports.contains_key("t.rs"), "what only tests have is left out");
    assert_eq!(largest_circle(&imports), BTreeSet::from(["a.rs", "b/mod.rs", "c.rs"]));
}
