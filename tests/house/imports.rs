//! Which file of a crate imports which: what its sources say, read as the compiler reads them.
//!
//! A name is followed to the file that defines it, through re-exports and globs. A re-export alone imports nothing:
//! a `lib.rs` that shows the words of its rooms depends on none of them until it uses one itself. Tests are left out.

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens as _;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use syn::visit::{self, Visit};
use syn::{Attribute, Item, ItemMod, ItemUse, Macro, UseTree, Visibility};

/// The names from the crate's root to a module.
type Module = Vec<String>;

/// The files of a crate and what each imports.
pub(crate) struct Crate {
    files: BTreeMap<Module, File>,
}

#[derive(Default)]
struct File {
    /// Its path below the crate's `src`.
    path: String,
    /// What it defines, modules within it included.
    items: BTreeSet<String>,
    /// The types and traits among them that other crates may see.
    shown_types: BTreeSet<String>,
    /// The names that a `use` gives it, and where they lead.
    names: BTreeMap<String, Vec<String>>,
    /// Modules whose every name it takes.
    globs: Vec<Vec<String>>,
    /// Names that it hands on, and imports only if its own code has them.
    handed_on: BTreeSet<String>,
    /// Every path that its code has, from where the crate begins.
    paths: BTreeSet<Vec<String>>,
    /// The modules below it that are files.
    below: BTreeSet<String>,
    /// Those of them that only tests have.
    tests: BTreeSet<String>,
}

impl Crate {
    /// Reads every source below a crate's `src`.
    pub(crate) fn read(src: &Path) -> Self {
        let mut files = BTreeMap::new();
        let mut left = vec![(src.to_owned(), Module::new())];
        while let Some((folder, at)) = left.pop() {
            for entry in std::fs::read_dir(&folder).expect("a folder of sources") {
                let path = entry.expect("an entry").path();
                let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
                let mut module = at.clone();
                if !["lib", "main", "mod"].contains(&name.as_str()) {
                    module.push(name);
                }
                if path.is_dir() {
                    left.push((path, module));
                } else if path.extension().is_some_and(|end| end == "rs") {
                    let text = std::fs::read_to_string(&path).expect("a source is text");
                    let syntax =
                        syn::parse_file(&text).unwrap_or_else(|wrong| panic!("{}: {wrong}", path.display()));
                    let below = path.strip_prefix(src).expect("it is below").display().to_string();
                    files.insert(module.clone(), File::read(below, module, &syntax.items));
                }
            }
        }
        let only_tests: Vec<Module> = files
            .iter()
            .flat_map(|(module, file)| {
                file.tests.iter().map(|test| [&module[..], std::slice::from_ref(test)].concat())
            })
            .collect();
        files.retain(|module, _| !only_tests.iter().any(|test| module.starts_with(test)));
        Self { files }
    }

    /// The types and traits that other crates may see, each with the file that defines it.
    pub(crate) fn shown_types(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files
            .values()
            .flat_map(|file| file.shown_types.iter().map(|name| (name.as_str(), file.path.as_str())))
    }

    /// The files that are not for tests alone, by their paths below `src`.
    pub(crate) fn files(&self) -> impl Iterator<Item = &str> {
        self.files.values().map(|file| file.path.as_str())
    }

    /// For each file the others that it imports, by their paths below `src`.
    pub(crate) fn imports(&self) -> BTreeMap<&str, BTreeSet<&str>> {
        let of = |(module, file): (&Module, &File)| {
            let used = file.paths.iter().filter_map(|path| self.home(path, &mut Vec::new()));
            let others = used.filter(|used| *used != module).map(|used| self.files[used].path.as_str());
            (self.files[module].path.as_str(), others.collect())
        };
        self.files.iter().map(of).collect()
    }

    /// The module of the file that defines what a path leads to.
    fn home<'a>(&'a self, path: &[String], seen: &mut Vec<Vec<String>>) -> Option<&'a Module> {
        if seen.iter().any(|seen| seen == path) {
            return None;
        }
        seen.push(path.to_vec());
        let deepest = (0..=path.len()).rev().find(|length| self.files.contains_key(&path[..*length]))?;
        let (module, file) = self.files.get_key_value(&path[..deepest]).expect("it was found just now");
        let Some((name, rest)) = path[deepest..].split_first() else { return Some(module) };
        if file.items.contains(name) {
            return Some(module);
        }
        if let Some(target) = file.names.get(name) {
            return self.home(&[target, rest].concat(), seen);
        }
        file.globs.iter().find_map(|glob| self.home(&[&glob[..], &path[deepest..]].concat(), seen))
    }
}

impl File {
    fn read(path: String, module: Module, items: &[Item]) -> Self {
        let mut reader = Reader { file: Self { path, ..Self::default() }, home: module.clone(), at: module };
        reader.names_of(items);
        for item in items {
            reader.visit_item(item);
        }
        reader.file
    }
}

struct Reader {
    file: File,
    /// The module of the file.
    home: Module,
    /// The module that is being read: the file's own, or one within it.
    at: Module,
}

impl Reader {
    /// What the file defines and what its `use` statements say; those first, since code may stand before them.
    fn names_of(&mut self, items: &[Item]) {
        for item in items.iter().filter(|item| !for_tests(attributes(item))) {
            match item {
                Item::Use(item) => self.take(item),
                Item::Mod(ItemMod { ident, content: Some((_, inner)), .. }) => {
                    self.file.items.insert(ident.to_string());
                    self.at.push(ident.to_string());
                    self.names_of(inner);
                    self.at.pop();
                }
                Item::Mod(item) => drop(self.file.below.insert(item.ident.to_string())),
                other => {
                    self.file.shown_types.extend(shown_type(other));
                    self.file.items.extend(defined(other));
                }
            }
        }
        for item in items.iter().filter(|item| for_tests(attributes(item))) {
            if let Item::Mod(ItemMod { ident, content: None, .. }) = item {
                self.file.tests.insert(ident.to_string());
            }
        }
    }

    fn take(&mut self, item: &ItemUse) {
        let shown = !matches!(item.vis, Visibility::Inherited);
        let mut leaves = Vec::new();
        leaves_of(&item.tree, &mut Vec::new(), &mut leaves);
        for (path, name) in leaves {
            let Some(path) = self.absolute(&path) else { continue };
            match name {
                None => self.file.globs.push(path),
                Some(name) => {
                    if shown {
                        self.file.handed_on.insert(name.clone());
                    } else {
                        self.file.paths.insert(path.clone());
                    }
                    self.file.names.insert(name, path);
                }
            }
        }
    }

    /// A path from the crate's root; none where it leads out of the crate or is a name of its own.
    fn absolute(&self, path: &[String]) -> Option<Vec<String>> {
        let (first, rest) = path.split_first()?;
        if path.iter().all(|name| ["crate", "self", "super"].contains(&name.as_str())) {
            return None;
        }
        match first.as_str() {
            "crate" => Some(rest.to_vec()),
            "self" => Some([&self.at[..], rest].concat()),
            "super" => {
                let above = path.iter().take_while(|name| *name == "super").count();
                let at = self.at.len().checked_sub(above)?;
                Some([&self.at[..at], &path[above..]].concat())
            }
            name => self.bound(name).map(|bound| [&bound[..], rest].concat()),
        }
    }

    /// What a name that the file has by a re-export or as a module below it leads to.
    fn bound(&self, name: &str) -> Option<Vec<String>> {
        if self.file.handed_on.contains(name) {
            return self.file.names.get(name).cloned();
        }
        self.file.below.contains(name).then(|| [&self.home[..], &[name.to_owned()]].concat())
    }

    fn found(&mut self, path: &[String]) {
        if let Some(path) = self.absolute(path) {
            self.file.paths.insert(path);
        }
    }

    /// The paths in a macro's call, which is not parsed: names joined by `::`.
    fn tokens(&mut self, tokens: TokenStream) {
        let (mut path, mut colons) = (Vec::new(), 0);
        for token in tokens {
            match token {
                TokenTree::Punct(punct) if punct.as_char() == ':' => colons += 1,
                TokenTree::Ident(name) => {
                    if colons != 2 {
                        self.found(&std::mem::take(&mut path));
                    }
                    path.push(name.to_string());
                    colons = 0;
                }
                other => {
                    self.found(&std::mem::take(&mut path));
                    colons = 0;
                    if let TokenTree::Group(group) = other {
                        self.tokens(group.stream());
                    }
                }
            }
        }
        self.found(&path);
    }
}

impl<'ast> Visit<'ast> for Reader {
    fn visit_item(&mut self, item: &'ast Item) {
        if !for_tests(attributes(item)) {
            visit::visit_item(self, item);
        }
    }

    fn visit_item_mod(&mut self, item: &'ast ItemMod) {
        self.at.push(item.ident.to_string());
        visit::visit_item_mod(self, item);
        self.at.pop();
    }

    /// Those of the file are known; one within a function is an import like any other.
    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        let mut leaves = Vec::new();
        leaves_of(&item.tree, &mut Vec::new(), &mut leaves);
        if matches!(item.vis, Visibility::Inherited) {
            for (path, _) in &leaves {
                self.found(path);
            }
        }
    }

    /// Who may see an item is no import.
    fn visit_visibility(&mut self, _: &'ast Visibility) {}

    fn visit_path(&mut self, path: &'ast syn::Path) {
        if path.leading_colon.is_none() {
            let names: Vec<_> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
            self.found(&names);
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast Macro) {
        self.visit_path(&call.path);
        self.tokens(call.tokens.clone());
    }
}

/// The paths of a `use` with the name that each gives; none for all the names of a module.
fn leaves_of(tree: &UseTree, above: &mut Vec<String>, found: &mut Vec<(Vec<String>, Option<String>)>) {
    match tree {
        UseTree::Path(path) => {
            above.push(path.ident.to_string());
            leaves_of(&path.tree, above, found);
            above.pop();
        }
        UseTree::Group(group) => group.items.iter().for_each(|tree| leaves_of(tree, above, found)),
        UseTree::Glob(_) => found.push((above.clone(), None)),
        UseTree::Name(name) if name.ident == "self" => found.push((above.clone(), above.last().cloned())),
        UseTree::Name(name) => {
            let name = name.ident.to_string();
            found.push(([&above[..], std::slice::from_ref(&name)].concat(), Some(name)));
        }
        UseTree::Rename(rename) => {
            let mut path = above.clone();
            if rename.ident != "self" {
                path.push(rename.ident.to_string());
            }
            found.push((path, Some(rename.rename.to_string())));
        }
    }
}

fn defined(item: &Item) -> Option<String> {
    let name = match item {
        Item::Const(item) => &item.ident,
        Item::Enum(item) => &item.ident,
        Item::Fn(item) => &item.sig.ident,
        Item::Static(item) => &item.ident,
        Item::Struct(item) => &item.ident,
        Item::Trait(item) => &item.ident,
        Item::Type(item) => &item.ident,
        Item::Union(item) => &item.ident,
        Item::Macro(item) => item.ident.as_ref()?,
        _ => return None,
    };
    Some(name.to_string())
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

/// The name of a type or trait that is `pub` without a limit.
fn shown_type(item: &Item) -> Option<String> {
    let (vis, name) = match item {
        Item::Struct(item) => (&item.vis, &item.ident),
        Item::Enum(item) => (&item.vis, &item.ident),
        Item::Trait(item) => (&item.vis, &item.ident),
        Item::Type(item) => (&item.vis, &item.ident),
        _ => return None,
    };
    matches!(vis, Visibility::Public(_)).then(|| name.to_string())
}

/// Whether an item is there for tests alone: `#[cfg(test)]`, `#[cfg(any(test, …))]`, `#[test]`.
fn for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let says = attribute.meta.to_token_stream().to_string().replace(' ', "");
        says == "test" || says.starts_with("cfg(test") || says.starts_with("cfg(any(test")
    })
}

/// The code of a source that is not for tests alone, item by item.
pub(crate) fn shipped_items(source: &str) -> Vec<TokenStream> {
    let syntax = syn::parse_file(source).unwrap_or_else(|wrong| panic!("{wrong}:\n{source}"));
    let shipped = syntax.items.iter().filter(|item| !for_tests(attributes(item)));
    shipped.map(quote::ToTokens::to_token_stream).collect()
}

/// Every name, and every text as a whole, of the code of a source that is not for tests alone.
pub(crate) fn shipped_words(source: &str) -> BTreeSet<String> {
    let mut words = BTreeSet::new();
    let mut left = shipped_items(source);
    while let Some(tokens) = left.pop() {
        for token in tokens {
            match token {
                TokenTree::Group(group) => left.push(group.stream()),
                TokenTree::Ident(name) => drop(words.insert(name.to_string())),
                TokenTree::Literal(literal) => {
                    words.insert(literal.to_string().trim_matches('"').to_owned());
                }
                TokenTree::Punct(_) => {}
            }
        }
    }
    words
}
