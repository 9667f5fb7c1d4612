//! Keys and texts of alerts stand with the words that all share: no other way leads to one.

use std::path::Path;
use syn::{Fields, ImplItem, Item, ReturnType, Visibility};

/// What makes a value of this type in a source: its functions that give one back, and `false` where a field may be
/// written from outside.
fn makers(source: &str, name: &str) -> (Vec<String>, bool) {
    let (mut makers, mut closed) = (Vec::new(), false);
    for item in syn::parse_file(source).expect("a source of Rust").items {
        match item {
            Item::Struct(one) if one.ident == name => {
                let Fields::Named(fields) = one.fields else { continue };
                closed = fields.named.iter().all(|field| matches!(field.vis, Visibility::Inherited));
            }
            Item::Impl(one) => {
                let of_it = matches!(&*one.self_ty, syn::Type::Path(path) if path.path.is_ident(name));
                makers.extend(one.items.into_iter().filter_map(|item| match item {
                    ImplItem::Fn(function) if of_it && gives_itself(&function.sig.output) => {
                        Some(function.sig.ident.to_string())
                    }
                    _ => None,
                }));
            }
            _ => {}
        }
    }
    (makers, closed)
}

fn gives_itself(output: &ReturnType) -> bool {
    matches!(output, ReturnType::Type(_, given)
        if matches!(&**given, syn::Type::Path(path) if path.path.is_ident("Self")))
}

fn is_a_step_of_the_schema(path: &Path) -> bool {
    path.extension().is_some_and(|end| end == "sql")
}

#[test]
fn an_alert_is_made_from_its_cause_and_written_in_one_place() {
    let store = crate::source_of("anvil-store");
    let source = std::fs::read_to_string(store.join("alerts.rs")).expect("a source is text");
    let (makers, closed) = makers(&source, "NewAlert");
    assert_eq!(makers, ["of"], "whatever else makes one can give it a key and a text of its own");
    assert!(closed, "a field that others may write takes any text");
    let writes = |text: &str| text.contains("INTO alerts ");
    let texts = crate::texts_below(vec![store]);
    let found: Vec<_> = texts
        .iter()
        .filter(|(path, text)| !is_a_step_of_the_schema(path) && writes(text))
        .map(|(path, _)| path)
        .collect();
    assert_eq!(found.len(), 1, "a row that is written beside `NewAlert` has texts of its own: {found:?}");
    assert!(found[0].ends_with("rules/alerts/mod.rs"), "{found:?}");
}

#[test]
fn a_second_maker_or_an_open_field_is_seen() {
    let second =
        "struct A { x: u8 } impl A { fn of() -> Self {} fn with(x: u8) -> Self {} fn x(&self) -> u8 {} }";
    assert_eq!(makers(second, "A"), (vec!["of".to_owned(), "with".to_owned()], true));
    let open = "struct A { x: u8, pub y: u8 } struct B { x: u8 } impl B { fn of() -> Self {} }";
    assert_eq!(makers(open, "A"), (Vec::new(), false));
}
