//! How a component's interface differs from the contract, in words.

use super::Rejection;
use crate::contract::{Contract, FIRST, OFFERED, PACKAGE, version_of_agent};
use wit_parser::decoding::{DecodedWasm, decode, decode_world};
use wit_parser::{
    Function, FunctionKind, Handle, Interface, Resolve, Type, TypeDefKind, TypeId, World, WorldId, WorldItem,
    WorldKey,
};

/// What a program exports, before its version.
const PROGRAM: &str = "wasi:cli/run@";
/// The packages of WASI 0.2 that are linked, to a world that denies.
const WASI: [&str; 6] =
    ["wasi:cli/", "wasi:clocks/", "wasi:filesystem/", "wasi:io/", "wasi:random/", "wasi:sockets/"];

/// Compares a component with the contract, in the version that it names: its imports are all offered, its exports all
/// there, and every function has the type that the contract gives it.
pub(super) fn differences(bytes: &[u8]) -> Result<(), Rejection> {
    let offered = OFFERED.iter().map(Offered::read).collect::<Result<Vec<_>, _>>()?;
    let (theirs, their_world) = match decode(bytes).map_err(|error| unreadable(&error))? {
        DecodedWasm::Component(resolve, world) => (resolve, world),
        DecodedWasm::WitPackage(..) => {
            return Err(Rejection::MissingExport { found: "it is a WIT package, without code".to_owned() });
        }
    };
    let plugin = Side { resolve: &theirs, world: &theirs.worlds[their_world] };
    for (key, item) in &plugin.world.imports {
        import(&offered, &plugin, key, item)?;
    }
    let agent = offered.iter().find_map(|offered| {
        let name = offered.contract.export();
        plugin.export(&name).map(|found| (offered.side(), name, found))
    });
    let Some((contract, name, found)) = agent else { return program(&plugin) };
    let expected = contract.export(&name).ok_or_else(|| Rejection::Host(format!("no {name} in wit/")))?;
    for (function, expected) in &expected.functions {
        let found = found.functions.get(function).ok_or_else(|| Rejection::Differs {
            function: format!("{name}.{function}"),
            at: "the function".to_owned(),
            expected: "exported".to_owned(),
            found: "nothing".to_owned(),
        })?;
        same_function(&contract, &plugin, &name, expected, found)?;
    }
    Ok(())
}

/// A version of the contract, read.
struct Offered {
    contract: &'static Contract,
    resolve: Resolve,
    world: WorldId,
}

impl Offered {
    fn read(contract: &'static Contract) -> Result<Self, Rejection> {
        let (resolve, world) =
            decode_world(contract.world).map_err(|error| Rejection::Host(format!("{error:#}")))?;
        Ok(Self { contract, resolve, world })
    }

    fn side(&self) -> Side<'_> {
        Side { resolve: &self.resolve, world: &self.resolve.worlds[self.world] }
    }
}

/// What exports no agent may be a program, which makes its calls in lines.
fn program(plugin: &Side<'_>) -> Result<(), Rejection> {
    let runs = |key| {
        let name = plugin.name(key);
        name.strip_prefix(PROGRAM).is_some_and(|version| version.starts_with("0.2."))
    };
    if !plugin.world.exports.keys().any(runs) {
        return Err(missing_export(plugin));
    }
    match plugin.world.imports.keys().map(|key| plugin.name(key)).find(|name| name.starts_with(PACKAGE)) {
        Some(import) => Err(Rejection::ProgramWithImports(import)),
        None => Ok(()),
    }
}

struct Side<'a> {
    resolve: &'a Resolve,
    world: &'a World,
}

impl Side<'_> {
    fn name(&self, key: &WorldKey) -> String {
        self.resolve.name_world_key(key)
    }

    fn export(&self, name: &str) -> Option<&Interface> {
        self.interface(self.world.exports.iter(), name)
    }

    fn import(&self, name: &str) -> Option<&Interface> {
        self.interface(self.world.imports.iter(), name)
    }

    fn interface<'b>(
        &self,
        mut items: impl Iterator<Item = (&'b WorldKey, &'b WorldItem)>,
        name: &str,
    ) -> Option<&Interface> {
        items.find_map(|(key, item)| match item {
            WorldItem::Interface { id, .. } if self.name(key) == name => Some(&self.resolve.interfaces[*id]),
            _ => None,
        })
    }
}

fn import(offered: &[Offered], plugin: &Side<'_>, key: &WorldKey, item: &WorldItem) -> Result<(), Rejection> {
    let name = plugin.name(key);
    let WorldItem::Interface { id, .. } = item else {
        return match item {
            // A type that the world itself uses needs nothing of the host.
            WorldItem::Type { .. } => Ok(()),
            _ => Err(Rejection::UnofferedImport { import: name }),
        };
    };
    if name.starts_with(PACKAGE) {
        let contract = offered.iter().map(Offered::side).find(|side| side.import(&name).is_some());
        let Some(contract) = contract else { return Err(other_version(offered, &name)) };
        let expected = contract.import(&name).map(|interface| &interface.functions);
        for (function_name, function) in &plugin.resolve.interfaces[*id].functions {
            let Some(expected) = expected.and_then(|functions| functions.get(function_name)) else {
                return Err(Rejection::UnofferedImport { import: format!("{name}.{function_name}") });
            };
            same_function(&contract, plugin, &name, expected, function)?;
        }
        return Ok(());
    }
    let version = name.rsplit_once('@').map_or("", |(_, version)| version);
    if WASI.iter().any(|package| name.starts_with(package)) && version.starts_with("0.2.") {
        return Ok(());
    }
    if WASI.iter().any(|package| name.starts_with(package)) && version.starts_with("0.3.") {
        return Err(Rejection::NeedsAsync);
    }
    Err(Rejection::UnofferedImport { import: name })
}

/// An interface of the contract in a version that there is not, or one that there is in none.
fn other_version(offered: &[Offered], name: &str) -> Rejection {
    let bare = name.split('@').next().unwrap_or(name);
    let sides = offered.iter().map(Offered::side);
    let names =
        sides.flat_map(|side| side.world.imports.keys().map(|key| side.name(key)).collect::<Vec<_>>());
    let same: Vec<_> = names.filter(|offered| offered.split('@').next() == Some(bare)).collect();
    match same.first() {
        Some(expected) => Rejection::OtherVersion { expected: expected.clone(), found: name.to_owned() },
        None => Rejection::UnofferedImport { import: name.to_owned() },
    }
}

fn missing_export(plugin: &Side<'_>) -> Rejection {
    let exports: Vec<_> = plugin.world.exports.keys().map(|key| plugin.name(key)).collect();
    if let Some(found) = exports.iter().find(|name| version_of_agent(name).is_some()) {
        return Rejection::OtherVersion { expected: FIRST.export(), found: found.clone() };
    }
    let found = match exports.as_slice() {
        [] => "it exports nothing".to_owned(),
        [first, rest @ ..] if rest.len() < 4 => {
            let all: Vec<_> = std::iter::once(first).chain(rest).map(|name| format!("`{name}`")).collect();
            format!("it exports {}", all.join(", "))
        }
        [first, rest @ ..] => format!("it exports `{first}` and {} others", rest.len()),
    };
    Rejection::MissingExport { found }
}

pub(super) fn unreadable(error: &impl std::fmt::Display) -> Rejection {
    let text = format!("{error:#}");
    if text.contains("async") { Rejection::NeedsAsync } else { Rejection::Damaged(text) }
}

fn same_function(
    contract: &Side<'_>,
    plugin: &Side<'_>,
    interface: &str,
    expected: &Function,
    found: &Function,
) -> Result<(), Rejection> {
    if matches!(found.kind, FunctionKind::AsyncFreestanding) {
        return Err(Rejection::NeedsAsync);
    }
    let comparison = Comparison { ours: contract.resolve, theirs: plugin.resolve };
    comparison.functions(expected, found).map_err(|difference| Rejection::Differs {
        function: format!("{interface}.{}", expected.name),
        at: difference.at,
        expected: difference.expected,
        found: difference.found,
    })
}

/// The first place where two types part.
struct Difference {
    at: String,
    expected: String,
    found: String,
}

impl Difference {
    fn new(at: &str, expected: impl Into<String>, found: impl Into<String>) -> Self {
        Self { at: format!("`{at}`"), expected: expected.into(), found: found.into() }
    }
}

struct Comparison<'a> {
    ours: &'a Resolve,
    theirs: &'a Resolve,
}

impl Comparison<'_> {
    fn functions(&self, expected: &Function, found: &Function) -> Result<(), Difference> {
        let count = |function: &Function| format!("{} parameters", function.params.len());
        if expected.params.len() != found.params.len() {
            return Err(Difference::new(&expected.name, count(expected), count(found)));
        }
        for (ours, theirs) in expected.params.iter().zip(&found.params) {
            self.types(&ours.name, &ours.ty, &theirs.ty)?;
        }
        self.optional("result", expected.result.as_ref(), found.result.as_ref())
    }

    fn optional(&self, at: &str, ours: Option<&Type>, theirs: Option<&Type>) -> Result<(), Difference> {
        match (ours, theirs) {
            (None, None) => Ok(()),
            (Some(ours), Some(theirs)) => self.types(at, ours, theirs),
            (Some(ours), None) => Err(Difference::new(at, shape(self.ours, ours), "nothing")),
            (None, Some(theirs)) => Err(Difference::new(at, "nothing", shape(self.theirs, theirs))),
        }
    }

    fn types(&self, at: &str, ours: &Type, theirs: &Type) -> Result<(), Difference> {
        let (ours, theirs) = (unaliased(self.ours, ours), unaliased(self.theirs, theirs));
        let (Type::Id(our_id), Type::Id(their_id)) = (ours, theirs) else {
            return if ours == theirs && !matches!(ours, Type::Id(_)) {
                Ok(())
            } else {
                Err(self.unlike(at, &ours, &theirs))
            };
        };
        match (&self.ours.types[our_id].kind, &self.theirs.types[their_id].kind) {
            (TypeDefKind::Record(a), TypeDefKind::Record(b)) => {
                let list = |record: &wit_parser::Record| {
                    record.fields.iter().map(|field| field.name.clone()).collect::<Vec<_>>()
                };
                names(at, "a record of", &list(a), &list(b))?;
                a.fields
                    .iter()
                    .zip(&b.fields)
                    .try_for_each(|(a, b)| self.types(&format!("{at}.{}", a.name), &a.ty, &b.ty))
            }
            (TypeDefKind::Variant(a), TypeDefKind::Variant(b)) => {
                let list = |variant: &wit_parser::Variant| {
                    variant.cases.iter().map(|case| case.name.clone()).collect::<Vec<_>>()
                };
                names(at, "a variant of", &list(a), &list(b))?;
                a.cases.iter().zip(&b.cases).try_for_each(|(a, b)| {
                    self.optional(&format!("{at}.{}", a.name), a.ty.as_ref(), b.ty.as_ref())
                })
            }
            (TypeDefKind::Enum(a), TypeDefKind::Enum(b)) => {
                let list = |all: &wit_parser::Enum| {
                    all.cases.iter().map(|case| case.name.clone()).collect::<Vec<_>>()
                };
                names(at, "an enum of", &list(a), &list(b))
            }
            (TypeDefKind::Flags(a), TypeDefKind::Flags(b)) => {
                let list = |all: &wit_parser::Flags| {
                    all.flags.iter().map(|flag| flag.name.clone()).collect::<Vec<_>>()
                };
                names(at, "flags of", &list(a), &list(b))
            }
            (TypeDefKind::Tuple(a), TypeDefKind::Tuple(b)) if a.types.len() == b.types.len() => {
                a.types.iter().zip(&b.types).try_for_each(|(a, b)| self.types(at, a, b))
            }
            (TypeDefKind::List(a), TypeDefKind::List(b)) => self.types(&format!("{at}[]"), a, b),
            (TypeDefKind::Option(a), TypeDefKind::Option(b)) => self.types(at, a, b),
            (TypeDefKind::Result(a), TypeDefKind::Result(b)) => {
                self.optional(&format!("{at}.ok"), a.ok.as_ref(), b.ok.as_ref())?;
                self.optional(&format!("{at}.err"), a.err.as_ref(), b.err.as_ref())
            }
            _ => Err(self.unlike(at, &ours, &theirs)),
        }
    }

    fn unlike(&self, at: &str, ours: &Type, theirs: &Type) -> Difference {
        Difference::new(at, shape(self.ours, ours), shape(self.theirs, theirs))
    }
}

/// Whether two types have the same fields or cases, in the same order.
fn names(at: &str, what: &str, ours: &[String], theirs: &[String]) -> Result<(), Difference> {
    if ours == theirs {
        return Ok(());
    }
    let list = |names: &[String]| format!("{what} {}", names.join(", "));
    Err(Difference::new(at, list(ours), list(theirs)))
}

/// The type that a chain of `type a = b` and `use` ends in.
fn unaliased(resolve: &Resolve, of: &Type) -> Type {
    let mut of = *of;
    while let Type::Id(id) = of {
        match resolve.types[id].kind {
            TypeDefKind::Type(inner) => of = inner,
            _ => break,
        }
    }
    of
}

/// A type in a few words.
fn shape(resolve: &Resolve, of: &Type) -> String {
    let Type::Id(id) = unaliased(resolve, of) else {
        return format!("{of:?}").to_lowercase();
    };
    let named = |word: &str, id: TypeId| match &resolve.types[id].name {
        Some(name) => format!("the {word} {name}"),
        None => format!("a {word}"),
    };
    match &resolve.types[id].kind {
        TypeDefKind::Record(_) => named("record", id),
        TypeDefKind::Variant(_) => named("variant", id),
        TypeDefKind::Enum(_) => named("enum", id),
        TypeDefKind::Flags(_) => named("flags", id),
        TypeDefKind::Resource | TypeDefKind::Handle(Handle::Own(_) | Handle::Borrow(_)) => {
            named("resource", id)
        }
        TypeDefKind::Tuple(tuple) => format!("a tuple of {}", tuple.types.len()),
        TypeDefKind::List(inner) => format!("a list of {}", shape(resolve, inner)),
        TypeDefKind::Option(inner) => format!("an option of {}", shape(resolve, inner)),
        TypeDefKind::Result(_) => "a result".to_owned(),
        _ => named("type", id),
    }
}
