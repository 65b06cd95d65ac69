//! Message types: what each one is for, who sends it where, and the shape of its content.

mod check;
mod fields;
mod read;
mod read_fields;
mod shape;

pub use fields::{BadPattern, Condition, Field, Pattern, Required, Type};

use super::Version;
use super::named::names;
use crate::wire::{Channel, Json};
pub(super) use read::read;
use shape::Shape;

names! {
    /// Who sends a message.
    Direction, "direction", {
        /// A client.
        ToKernel = "to-kernel",
        /// The kernel.
        ToClient = "to-client",
        /// Either.
        Both = "both",
    }
}

names! {
    /// What a message is to others.
    Role, "role", {
        /// Asks for a reply.
        Request = "request",
        /// Answers a request.
        Reply = "reply",
        /// Tells all who listen.
        Publication = "publication",
        /// Asks for nothing.
        Notice = "notice",
    }
}

names! {
    /// Whether a kernel has to know a message type.
    Status, "status", {
        /// It has to.
        Required = "required",
        /// It may.
        Optional = "optional",
        /// It may, and new clients do not use it.
        Deprecated = "deprecated",
        /// Not in the protocol; some kernels have it.
        Extension = "extension",
        /// No longer in the protocol.
        Removed = "removed",
    }
}

/// A message type, from `specs/messages/NAME.toml`.
#[derive(Debug, Clone, PartialEq)]
pub struct MessageType {
    /// Its `msg_type`.
    pub name: String,
    /// What it is for, in a sentence.
    pub summary: String,
    /// The channels that may carry it, the usual one first; never empty.
    pub channels: Vec<Channel>,
    /// Who sends it.
    pub direction: Direction,
    /// What it is to others.
    pub role: Role,
    /// The reply of a request, the request of a reply; nothing else has one.
    pub pair: Option<String>,
    /// Whether a kernel has to know it.
    pub status: Status,
    /// First version of the protocol that has it.
    pub since: Option<Version>,
    /// First version that advises against it.
    pub deprecated: Option<Version>,
    /// First version without it.
    pub removed: Option<Version>,
    /// Which of `supported_features` a kernel must announce for it.
    pub feature: Option<String>,
    /// Where it is described.
    pub source: String,
    /// What a kernel may publish while handling it.
    pub publishes: Vec<String>,
    /// The fields of its content, those inside others after them.
    pub fields: Vec<Field>,
    /// What it holds by the value of its field `command`.
    pub commands: Vec<Command>,
    /// Content that an honest client would send.
    pub sample: serde_json::Map<String, serde_json::Value>,
    shape: Shape,
}

/// A command of a message type that carries another protocol.
#[derive(Debug, Clone, PartialEq)]
pub struct Command {
    /// The value of the field `command`.
    pub name: String,
    /// What it is for, in a sentence.
    pub summary: String,
    /// First version of the protocol that has it.
    pub since: Option<Version>,
    /// The fields of `arguments`, by paths that begin inside it.
    pub arguments: Vec<Field>,
    /// The fields of `body`, by paths that begin inside it; they hold unless the field `success` is false.
    pub body: Vec<Field>,
}

/// A way in which a content is not as declared.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct FieldProblem {
    /// The declared path, as `history[]`; `body.variables[]` for a field of a command, empty for the content as a whole.
    pub path: String,
    /// The first place where it shows, as `history[3]`.
    pub at: String,
    /// What is declared: `string or null`, `one of "ok", "error"`, `at least 0`.
    pub wanted: String,
    /// What is there: `missing`, `int 3`, `array`.
    pub found: String,
}

impl MessageType {
    /// Holds a content against the declared fields, as far as `only` says: these fields and all inside them.
    ///
    /// One problem is given for each constraint of a declared field, however often it is broken. Fields that are not
    /// declared are welcome: the protocol lets everyone add some.
    #[must_use]
    pub fn check(&self, content: &Json, only: Option<&[&str]>) -> Vec<FieldProblem> {
        check::check(&self.shape, content, only)
    }

    /// The declared field of a path, such as `user_expressions{}.status`.
    #[must_use]
    pub fn field(&self, path: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.path.to_string() == path)
    }

    /// The command of a name.
    #[must_use]
    pub fn command(&self, name: &str) -> Option<&Command> {
        self.commands.iter().find(|command| command.name == name)
    }

    /// Whether handling it is framed by busy and idle.
    #[must_use]
    pub fn has_status(&self) -> bool {
        self.publishes.iter().any(|published| published == "status")
    }
}
