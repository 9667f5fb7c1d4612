//! The shape of every list.

use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use utoipa::openapi::Ref;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{AnyOfBuilder, ArrayBuilder, ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

/// A page of a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct List<T, N = ()> {
    /// What is on it.
    pub items: Vec<T>,
    /// What to send as `after` to get the next page; null on the last.
    pub next: Option<N>,
}

impl<T> List<T> {
    /// A list that is whole.
    pub fn whole(items: Vec<T>) -> Self {
        Self { items, next: None }
    }
}

impl<T: ToSchema, N> PartialSchema for List<T, N> {
    fn schema() -> RefOr<Schema> {
        let kind = |kind| ObjectBuilder::new().schema_type(kind);
        let next =
            AnyOfBuilder::new().item(kind(Type::String)).item(kind(Type::Integer)).item(kind(Type::Null));
        let next = next.description(Some("What to send as `after` to get the next page; null on the last."));
        ObjectBuilder::new()
            .property("items", ArrayBuilder::new().items(Ref::from_schema_name(T::name())))
            .required("items")
            .property("next", next)
            .required("next")
            .into()
    }
}

impl<T: ToSchema, N> ToSchema for List<T, N> {
    fn name() -> Cow<'static, str> {
        format!("ListOf{}", T::name()).into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push((T::name().into_owned(), T::schema()));
        T::schemas(schemas);
    }
}
