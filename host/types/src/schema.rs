//! Schemas of the words whose JSON is written by hand, for the API's description.

use crate::{
    ActionInfo, Actions, AlertId, ArtifactName, CallId, Crossing, DeliveryId, InputDigest, JobActionId,
    JobId, Json, Nanodollars, QuestionId, ScheduleId, Scope, Timestamp,
};
use std::borrow::Cow;
use utoipa::openapi::schema::{
    ArrayBuilder, KnownFormat, ObjectBuilder, Schema, SchemaFormat, SchemaType, Type,
};
use utoipa::openapi::{Ref, RefOr};
use utoipa::{PartialSchema, ToSchema};

/// Texts of a form of their own.
macro_rules! texts {
    ($($type:ident, $description:literal, $example:literal;)*) => {$(
        impl PartialSchema for $type {
            fn schema() -> RefOr<Schema> {
                let schema = ObjectBuilder::new().schema_type(Type::String).description(Some($description));
                schema.examples([$example]).into()
            }
        }

        impl ToSchema for $type {
            fn name() -> Cow<'static, str> {
                stringify!($type).into()
            }
        }
    )*};
}

texts! {
    AlertId, "An alert's id.", "01JD9Z6W3NQ8Y5R2K7M4T1X0VB";
    CallId, "A call's id, its hold's too.", "01JD9Z6W3NQ8Y5R2K7M4T1X0VB";
    DeliveryId, "A delivery's id.", "01JD9Z6W3NQ8Y5R2K7M4T1X0VB";
    JobActionId, "The id of an action on many jobs.", "01JD9Z6W3NQ8Y5R2K7M4T1X0VB";
    JobId, "A job's id.", "01JD9Z6W3NQ8Y5R2K7M4T1X0VB";
    QuestionId, "A question's id.", "01JD9Z6W3NQ8Y5R2K7M4T1X0VB";
    ScheduleId, "A schedule's id.", "01JD9Z6W3NQ8Y5R2K7M4T1X0VB";
    ArtifactName, "A file's name: a relative path without empty parts, `.` or `..`.", "src/main.rs";
    InputDigest, "The digest of a file's bytes: BLAKE3, 64 hexadecimal digits.", "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262";
    Scope, "Whom a limit is for: `all`, `agent:NAME` or `key:NAME`.", "agent:code-generator";
}

impl PartialSchema for Timestamp {
    fn schema() -> RefOr<Schema> {
        let text = ObjectBuilder::new().schema_type(Type::String);
        let text = text.format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)));
        text.description(Some("A point in time (RFC 3339, UTC).")).examples(["2026-11-23T14:00:00Z"]).into()
    }
}

impl ToSchema for Timestamp {
    fn name() -> Cow<'static, str> {
        "Timestamp".into()
    }
}

impl PartialSchema for Nanodollars {
    fn schema() -> RefOr<Schema> {
        let number = ObjectBuilder::new().schema_type(Type::Number);
        number.description(Some("US dollars, with up to nine decimals.")).examples([0.0042]).into()
    }
}

impl ToSchema for Nanodollars {
    fn name() -> Cow<'static, str> {
        "Dollars".into()
    }
}

impl PartialSchema for Json {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new().schema_type(SchemaType::AnyValue).description(Some("Any JSON.")).into()
    }
}

impl ToSchema for Json {
    fn name() -> Cow<'static, str> {
        "Json".into()
    }
}

impl PartialSchema for Actions {
    fn schema() -> RefOr<Schema> {
        ArrayBuilder::new().items(Ref::from_schema_name(ActionInfo::name())).into()
    }
}

impl ToSchema for Actions {
    fn name() -> Cow<'static, str> {
        "Actions".into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push((ActionInfo::name().into_owned(), ActionInfo::schema()));
        ActionInfo::schemas(schemas);
    }
}

/// What an alert has of a crossing: all of it or nothing. `oneOf` with null, which is what an option is otherwise, says
/// nothing true of an object's members.
pub(crate) struct MaybeCrossing;

impl PartialSchema for MaybeCrossing {
    fn schema() -> RefOr<Schema> {
        let RefOr::T(Schema::Object(mut crossing)) = Crossing::schema() else { return Crossing::schema() };
        crossing.required.clear();
        crossing.description =
            Some("Which limit, where it is about one: all of these members or none.".into());
        RefOr::T(Schema::Object(crossing))
    }
}

impl ToSchema for MaybeCrossing {
    fn name() -> Cow<'static, str> {
        "MaybeCrossing".into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        Crossing::schemas(schemas);
    }
}
