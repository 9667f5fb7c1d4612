//! The table of routes. A route can only be added with the scope that it needs.

use crate::guard::{Gate, admit};
use crate::openapi::Shape;
use crate::permission::Permission;
use crate::state::WebState;
use axum::Router;
use axum::handler::Handler;
use axum::http::Method;
use axum::middleware::from_fn_with_state;
use axum::routing::{MethodFilter, MethodRouter, on};
use utoipa::ToSchema;

/// Which face a path belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Face {
    /// JSON.
    Api,
    /// Pages.
    Panel,
}

impl Face {
    pub(crate) fn of(path: &str) -> Self {
        let api = ["/api", "/v1"]
            .iter()
            .any(|root| path.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')));
        let machine = matches!(path, "/healthz" | "/readyz" | "/metrics");
        if api || machine { Self::Api } else { Self::Panel }
    }
}

/// One route as the table tells of it.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) method: Method,
    pub(crate) path: &'static str,
    pub(crate) scope: Permission,
    /// What it does, in a few words, for the API's description.
    pub(crate) summary: &'static str,
    /// The names that its query may have.
    pub(crate) query: Vec<&'static str>,
    /// The headers that it goes by.
    pub(crate) headers: Vec<&'static str>,
    /// What its body may be; none where it has none.
    pub(crate) takes: Vec<Shape>,
    /// What it answers with; none where it says nothing.
    pub(crate) gives: Vec<Shape>,
}

/// Routes on their way into a router.
pub(crate) struct Routes {
    state: WebState,
    table: Vec<Entry>,
    /// What answers, for each of the table.
    handlers: Vec<MethodRouter<WebState>>,
}

impl Routes {
    pub(crate) fn new(state: WebState) -> Self {
        Self { state, table: Vec::new(), handlers: Vec::new() }
    }

    /// Adds a route. Scope and query are checked before the handler's extractors read anything.
    #[must_use]
    pub(crate) fn route<H, T>(
        mut self,
        scope: Permission,
        method: Method,
        path: &'static str,
        summary: &'static str,
        handler: H,
    ) -> Self
    where
        H: Handler<T, WebState>,
        T: 'static,
    {
        let filter = MethodFilter::try_from(method.clone()).expect("the table uses standard methods alone");
        self.handlers.push(on(filter, handler));
        self.table.push(Entry {
            method,
            path,
            scope,
            summary,
            query: Vec::new(),
            headers: Vec::new(),
            takes: Vec::new(),
            gives: Vec::new(),
        });
        self
    }

    /// The names that the query of the route before may have; without, it may have none.
    #[must_use]
    pub(crate) fn query(mut self, names: &[&'static str]) -> Self {
        self.table.last_mut().expect("a route comes before its query").query.extend(names);
        self
    }

    /// A header that the route before goes by.
    #[must_use]
    pub(crate) fn header(mut self, name: &'static str) -> Self {
        self.table.last_mut().expect("a route comes before its header").headers.push(name);
        self
    }

    /// The JSON that the body of the route before has to be.
    #[must_use]
    pub(crate) fn takes<T: ToSchema>(self) -> Self {
        self.takes_shape(Shape::json::<T>())
    }

    /// The same JSON as the part `job` of a form, with files beside it.
    #[must_use]
    pub(crate) fn takes_with_files<T: ToSchema>(self) -> Self {
        self.takes_shape(Shape::with_files::<T>())
    }

    /// The media type that the body of the route before may have.
    #[must_use]
    pub(crate) fn takes_media(self, media: &'static str) -> Self {
        self.takes_shape(Shape::Media(media))
    }

    /// The JSON that the route before answers with.
    #[must_use]
    pub(crate) fn gives<T: ToSchema>(self) -> Self {
        self.gives_shape(Shape::json::<T>())
    }

    /// A media type that the route before may answer with.
    #[must_use]
    pub(crate) fn gives_media(self, media: &'static str) -> Self {
        self.gives_shape(Shape::Media(media))
    }

    /// JSON lines, each such a thing.
    #[must_use]
    pub(crate) fn gives_lines<T: ToSchema>(self) -> Self {
        self.gives_shape(Shape::lines::<T>())
    }

    fn takes_shape(mut self, shape: Shape) -> Self {
        self.table.last_mut().expect("a route comes before its shape").takes.push(shape);
        self
    }

    fn gives_shape(mut self, shape: Shape) -> Self {
        self.table.last_mut().expect("a route comes before its shape").gives.push(shape);
        self
    }

    /// The router and its table.
    pub(crate) fn finish(self) -> (Router<WebState>, Vec<Entry>) {
        let mut router = Router::new();
        for (entry, handler) in self.table.iter().zip(self.handlers) {
            let query = entry.query.as_slice().into();
            let gate = Gate { state: self.state.clone(), scope: entry.scope, query };
            router = router.route(entry.path, handler.route_layer(from_fn_with_state(gate, admit)));
        }
        (router, self.table)
    }
}
