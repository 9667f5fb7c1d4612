//! What the host hands to a guest can grow: a case that is added to a closed type would break every plugin that is
//! already built.

use crate::contract::FIRST;
use std::collections::BTreeSet;
use wit_parser::decoding::decode_world;
use wit_parser::{Function, Resolve, Type, TypeDefKind, WorldItem};

/// The closed types that may stand in what the host hands over, and the case that takes what comes later.
const WITH_AN_OPEN_CASE: &[(&str, &str)] = &[("content-block", "other")];

/// Types with cases that cannot be added to, by their names, in a type and all that it is made of.
fn closed_types(resolve: &Resolve, of: &Type, found: &mut BTreeSet<String>) {
    let Type::Id(id) = of else { return };
    let definition = &resolve.types[*id];
    let mut into = |of: &Type| closed_types(resolve, of, found);
    match &definition.kind {
        TypeDefKind::Record(record) => record.fields.iter().for_each(|field| into(&field.ty)),
        TypeDefKind::Tuple(tuple) => tuple.types.iter().for_each(into),
        TypeDefKind::List(inner) | TypeDefKind::Option(inner) | TypeDefKind::Type(inner) => into(inner),
        TypeDefKind::Result(result) => [result.ok, result.err].iter().flatten().for_each(into),
        TypeDefKind::Variant(variant) => {
            variant.cases.iter().filter_map(|case| case.ty.as_ref()).for_each(into);
            found.insert(definition.name.clone().expect("a variant has a name"));
        }
        TypeDefKind::Enum(_) | TypeDefKind::Flags(_) => {
            found.insert(definition.name.clone().expect("an enum has a name"));
        }
        other => panic!("the contract has a type of a kind that nobody thought of: {other:?}"),
    }
}

/// Each function, and whether a guest calls it.
fn functions(resolve: &Resolve, world: wit_parser::WorldId) -> Vec<(&Function, bool)> {
    let world = &resolve.worlds[world];
    let of = |items: Vec<&WorldItem>, called_by_guest| {
        let interfaces = items.into_iter().filter_map(|item| match item {
            WorldItem::Interface { id, .. } => Some(&resolve.interfaces[*id]),
            _ => None,
        });
        let functions = interfaces.flat_map(|interface| interface.functions.values());
        functions.map(|function| (function, called_by_guest)).collect::<Vec<_>>()
    };
    let (imports, exports) = (world.imports.values().collect(), world.exports.values().collect());
    [of(imports, true), of(exports, false)].concat()
}

#[test]
fn nothing_that_the_host_hands_to_a_guest_is_closed() {
    let (resolve, world) = decode_world(FIRST.world).expect("the contract");
    let mut found = BTreeSet::new();
    let (mut answers, mut questions) = (0, 0);
    for (function, called_by_guest) in functions(&resolve, world) {
        if called_by_guest {
            answers += 1;
            function.result.iter().for_each(|result| closed_types(&resolve, result, &mut found));
        } else {
            questions += 1;
            function.params.iter().for_each(|param| closed_types(&resolve, &param.ty, &mut found));
        }
    }
    assert!(answers >= 10 && questions >= 1, "the look finds what it looks for: {answers}, {questions}");
    let allowed: BTreeSet<_> = WITH_AN_OPEN_CASE.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(found, allowed, "make it a string with an open vocabulary");
    for (name, open) in WITH_AN_OPEN_CASE {
        let variant = resolve.types.iter().find_map(|(_, definition)| match &definition.kind {
            TypeDefKind::Variant(variant) if definition.name.as_deref() == Some(*name) => Some(variant),
            _ => None,
        });
        let case = variant.expect(name).cases.iter().find(|case| case.name == *open).expect(open);
        assert_eq!(case.ty, Some(Type::String), "{name}.{open} takes whatever comes");
    }
}

#[test]
fn a_closed_type_is_found_wherever_it_hides() {
    let mut resolve = Resolve::default();
    let text = "package a:b; interface i {
        enum e { x } flags f { y } variant v { z(list<e>) } record r { a: option<tuple<f, u8>>, b: v }
        g: func() -> result<r, string>; }";
    resolve.push_str("a.wit", text).expect("a package");
    let function = resolve.interfaces.iter().find_map(|(_, interface)| interface.functions.get("g"));
    let mut found = BTreeSet::new();
    closed_types(&resolve, &function.expect("g").result.expect("a result"), &mut found);
    assert_eq!(found, ["e", "f", "v"].map(str::to_owned).into());
}
