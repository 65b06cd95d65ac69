//! The spec as JSON Schema (draft 2020-12), for editors and other tools.
//!
//! A schema says a little less than the spec does: JSON Schema takes `1.0` for an integer, and knows nothing of versions.

mod content;
mod message;
mod profile;

pub use content::content_schema;
pub use message::message_schema;
pub use profile::profile_schema;

/// The dialect.
const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";
