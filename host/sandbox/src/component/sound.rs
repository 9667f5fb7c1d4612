//! What the reader of a component's interface takes for granted, found out before it is asked.
//!
//! `wit-parser` reads what tools have made of WIT. A valid component may have what no WIT says: then the reader panics, or
//! goes round in circles until its stack is full.

use super::Rejection;
use super::difference::unreadable;
use std::collections::{HashMap, HashSet};
use wasmparser::component_types::{ComponentAnyTypeId, ComponentEntityType, ComponentItem};
use wasmparser::types::TypesRef;
use wasmparser::{Parser, Payload, ValidPayload, Validator, WasmFeatures};

/// The most packages that a plugin's interface has a part in: each is looked at within the one that uses it.
const MOST_PACKAGES: usize = 100;

/// Refuses a component whose types are valid and of a kind or an order that WIT has not.
pub(super) fn sound(bytes: &[u8]) -> Result<(), Rejection> {
    let mut validator = Validator::new_with_features(WasmFeatures::all());
    let (mut depth, mut names) = (1_usize, Vec::new());
    for payload in Parser::new(0).parse_all(bytes) {
        let payload = payload.map_err(|error| unreadable(&error))?;
        match validator.payload(&payload).map_err(|error| unreadable(&error))? {
            ValidPayload::Parser(_) => depth += 1,
            ValidPayload::End(types) => {
                depth -= 1;
                if depth == 0 {
                    return Uses::of(types.as_ref(), &names);
                }
            }
            ValidPayload::Ok | ValidPayload::Func(..) => {}
        }
        match payload {
            Payload::ComponentImportSection(imports) if depth == 1 => {
                for import in imports {
                    names.push((Way::In, import.map_err(|error| unreadable(&error))?.name.name));
                }
            }
            Payload::ComponentExportSection(exports) if depth == 1 => {
                for export in exports {
                    names.push((Way::Out, export.map_err(|error| unreadable(&error))?.name.name));
                }
            }
            _ => {}
        }
    }
    Ok(())
}

#[derive(Clone, Copy)]
enum Way {
    In,
    Out,
}

/// Which packages use types of which.
#[derive(Default)]
struct Uses {
    /// The package that each type is named in; none where it is the component's own.
    owners: HashMap<ComponentAnyTypeId, Option<String>>,
    of: HashMap<String, HashSet<String>>,
}

impl Uses {
    fn of(types: TypesRef<'_>, names: &[(Way, &str)]) -> Result<(), Rejection> {
        let mut uses = Self::default();
        for (way, name) in names {
            let item = match way {
                Way::In => types.component_item_for_import(name),
                Way::Out => types.component_item_for_export(name),
            };
            let Some(item) = item else { continue };
            let package = package(item.implements.as_deref().unwrap_or(name));
            match item.ty {
                ComponentEntityType::Instance(instance) => {
                    if let Some(package) = &package {
                        uses.of.entry(package.clone()).or_default();
                    }
                    for (name, item) in &types[instance].exports {
                        uses.take(types, package.as_deref(), name, item)?;
                    }
                }
                _ => uses.take(types, None, name, item)?,
            }
        }
        if uses.of.len() > MOST_PACKAGES {
            let why = format!(
                "its interfaces are of {} packages; a plugin has at most {MOST_PACKAGES}",
                uses.of.len()
            );
            return Err(Rejection::Damaged(why));
        }
        if uses.go_in_a_circle() {
            return Err(Rejection::Damaged(
                "the packages of its interfaces use each other in a circle".to_owned(),
            ));
        }
        Ok(())
    }

    /// Takes in what an interface of a package has.
    fn take(
        &mut self,
        types: TypesRef<'_>,
        package: Option<&str>,
        name: &str,
        item: &ComponentItem,
    ) -> Result<(), Rejection> {
        let ComponentEntityType::Type { referenced, created } = item.ty else { return Ok(()) };
        let is_of_wit = |id| matches!(id, ComponentAnyTypeId::Defined(_) | ComponentAnyTypeId::Resource(_));
        if !is_of_wit(referenced) || !is_of_wit(created) {
            let name = crate::log::cut(name, 80).escape_debug().to_string();
            return Err(Rejection::Damaged(format!("its type `{name}` is of a kind that no interface has")));
        }
        let mut aliases = std::iter::successors(Some(referenced), |id| types.peel_alias(*id));
        let owner = aliases.find_map(|id| self.owners.get(&id)).cloned();
        if let (Some(owner), Some(package)) = (&owner, package) {
            let Some(owner) = owner else {
                let why = format!("`{}` uses a type of the plugin's own", crate::log::cut(package, 80));
                return Err(Rejection::Damaged(why));
            };
            if owner != package {
                self.of.entry(package.to_owned()).or_default().insert(owner.clone());
            }
        }
        self.owners.insert(created, package.map(str::to_owned));
        Ok(())
    }

    /// Whether some are left when those that use none that is left are taken away, one after the other.
    fn go_in_a_circle(mut self) -> bool {
        loop {
            let free: HashSet<_> = self
                .of
                .iter()
                .filter(|(_, uses)| uses.is_empty())
                .map(|(package, _)| package.clone())
                .collect();
            if free.is_empty() {
                return !self.of.is_empty();
            }
            self.of.retain(|package, _| !free.contains(package));
            self.of.values_mut().for_each(|uses| uses.retain(|used| !free.contains(used)));
        }
    }
}

/// The package of an interface, with its version; none of a name of the component's own.
fn package(name: &str) -> Option<String> {
    let (package, rest) = name.split_once('/')?;
    let version = rest.split_once('@').map_or("", |(_, version)| version);
    Some(format!("{package}@{version}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{component_text, hostile};

    fn refusal(fields: &str) -> String {
        let refused = sound(&component_text(&format!("(component {fields})"))).expect_err(fields);
        refused.to_string()
    }

    /// An interface with a resource of its own, `$t` from there on.
    const FIRST: &str = r#"(import "a:a/x@0.1.0" (instance $x (export "t" (type (sub resource)))))
        (alias export $x "t" (type $t))"#;

    #[test]
    fn what_tools_make_of_wit_is_sound() {
        for guest in ["asks-claude", "reads-its-file-forever", "sleeps-in-a-host-call"] {
            assert_eq!(sound(&hostile(guest).component()), Ok(()), "{guest}");
        }
        let uses =
            format!(r#"(component {FIRST} (import "b:b/y@0.1.0" (instance (export "u" (type (eq $t))))))"#);
        assert_eq!(sound(&component_text(&uses)), Ok(()));
    }

    #[test]
    fn packages_that_use_each_other_in_a_circle_are_refused() {
        let circle = format!(
            r#"{FIRST}
            (import "b:b/y@0.1.0" (instance $y (export "u" (type (eq $t)))))
            (alias export $y "u" (type $u))
            (import "a:a/z@0.1.0" (instance (export "v" (type (eq $u)))))"#
        );
        let refusal = refusal(&circle);
        assert!(refusal.contains("the packages of its interfaces use each other in a circle"), "{refusal}");
    }

    #[test]
    fn an_interface_of_a_package_that_uses_a_type_of_the_plugins_own_is_refused() {
        let own = r#"(import "own" (instance $o (export "t" (type (sub resource)))))
            (alias export $o "t" (type $t))
            (import "a:a/x@0.1.0" (instance (export "u" (type (eq $t)))))"#;
        let refusal = refusal(own);
        assert!(refusal.contains("`a:a@0.1.0` uses a type of the plugin's own"), "{refusal}");
    }

    #[test]
    fn a_type_that_is_none_of_wits_is_refused() {
        let function = r#"(import "a:a/x@0.1.0" (instance (type $f (func)) (export "f" (type (eq $f)))))"#;
        let refusal = refusal(function);
        assert!(refusal.contains("its type `f` is of a kind that no interface has"), "{refusal}");
    }

    #[test]
    fn packages_without_end_are_refused() {
        let many: Vec<_> =
            (0..=MOST_PACKAGES).map(|n| format!(r#"(import "a:p{n}/x@0.1.0" (instance))"#)).collect();
        let refusal = refusal(&many.concat());
        assert!(refusal.contains("are of 101 packages; a plugin has at most 100"), "{refusal}");
    }
}
