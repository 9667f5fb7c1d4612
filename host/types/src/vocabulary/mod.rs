//! The words of the Messages API that the house goes by. Each stands here, and nowhere else in code.

mod body;
mod priced;

pub use body::{FreeField, RequestOption, RequestPart};
pub use priced::{InferenceGeo, ServiceTier, Speed};

use std::fmt::Display;

/// Defines an enum of words.
macro_rules! vocabulary {
    ($(#[$doc:meta])+ $Type:ident { $($(#[$word_doc:meta])+ $Word:ident = $name:literal;)+ }) => {
        $(#[$doc])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $Type { $($(#[$word_doc])+ $Word,)+ }

        impl $Type {
            /// All of them, in their order.
            pub const ALL: &'static [Self] = &[$(Self::$Word),+];
            /// Their names, likewise.
            pub const NAMES: &'static [&'static str] = &[$($name),+];

            /// The name on the wire.
            pub fn name(self) -> &'static str {
                match self { $(Self::$Word => $name,)+ }
            }

            /// The one of exactly this name.
            pub fn named(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|word| word.name() == name)
            }
        }

        impl std::fmt::Display for $Type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.name())
            }
        }
    };
}
use vocabulary;

/// Names as a sentence lists them: `a, b or c`.
pub fn listed<T: Display>(names: impl IntoIterator<Item = T>, last: &str) -> String {
    let mut names: Vec<String> = names.into_iter().map(|name| name.to_string()).collect();
    match names.pop() {
        Some(end) if names.is_empty() => end,
        Some(end) => format!("{} {last} {end}", names.join(", ")),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_names_is_a_part_of_a_sentence() {
        assert_eq!(listed(["a", "b", "c"], "or"), "a, b or c");
        assert_eq!(listed(["a", "b"], "and"), "a and b");
        assert_eq!(listed(["a"], "and"), "a");
        assert_eq!(listed([""; 0], "and"), "");
    }

    #[test]
    fn every_word_is_found_by_its_name_and_by_no_other() {
        for option in RequestOption::ALL {
            assert_eq!(RequestOption::named(option.name()), Some(*option));
            assert_eq!(RequestOption::named(&option.name().to_uppercase()), None);
            assert_eq!(FreeField::named(option.name()), None);
            assert_eq!(RequestPart::named(option.name()), None);
        }
    }
}
