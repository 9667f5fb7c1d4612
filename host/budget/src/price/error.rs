//! Why a price cannot be told.

/// Why a price cannot be told.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PriceError {
    /// A price file that does not parse or does not make sense.
    #[error("{file}: {message}")]
    BadFile {
        /// The file.
        file: String,
        /// What is wrong.
        message: String,
    },
    /// A model that is not in the table.
    #[error(
        "no price is known for the model `{model}`; add a [[price]] row with exactly this id to {file} \
         (docs/budgets.md has its form), or choose one of: {known}"
    )]
    UnknownModel {
        /// The model's id.
        model: String,
        /// Which file to edit.
        file: String,
        /// The ids that have a price.
        known: String,
    },
}
