//! The REST API and the browser panel.
