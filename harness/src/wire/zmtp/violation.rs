//! What a peer did against ZMTP.

/// One thing that was wrong with what a peer sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Violation {
    /// It speaks something else.
    #[error("it does not greet with the signature of ZMTP")]
    Signature,
    /// Versions 1 and 2 have no mechanisms.
    #[error("it speaks ZMTP {0}, and not 3")]
    Version(u8),
    /// Ours is NULL.
    #[error("its security mechanism is {0:?}, and not \"NULL\"")]
    Mechanism(String),
    /// With NULL nobody is the server.
    #[error("as-server is {0} in its greeting, where the mechanism has no server")]
    AsServer(u8),
    /// The end of the greeting.
    #[error("the last bytes of its greeting are not zero")]
    Filler,
    /// Bits that have no meaning.
    #[error("a frame has the flags {0:#04x}, of which only the lowest three have a meaning")]
    ReservedFlags(u8),
    /// A command is one frame.
    #[error("a command says that more frames follow")]
    CommandWithMore,
    /// Between the frames of a message.
    #[error("a command stands between the frames of a message")]
    CommandInMessage,
    /// The form for large frames.
    #[error("a frame of {0} bytes has the form for more than 255")]
    LongForm(u64),
    /// Beyond what can be told.
    #[error("a frame says that it has {0} bytes, more than 2^63-1")]
    Size(u64),
    /// Beyond what is taken in.
    #[error("a frame of {0} bytes is more than is taken in")]
    TooLarge(u64),
    /// Before its READY.
    #[error("a message came before the handshake was over")]
    MessageBeforeReady,
    /// At this time.
    #[error("the command {0:?} is none for now")]
    UnexpectedCommand(String),
    /// Cut short, or too long.
    #[error("the command {0:?} is malformed")]
    MalformedCommand(String),
    /// It will not talk to us.
    #[error("it refuses: {0:?}")]
    Refused(String),
    /// The names and values of READY.
    #[error("the metadata of its READY end in the middle")]
    Metadata,
    /// A name is of letters, digits and four signs.
    #[error("its READY has a property with the name {0:?}")]
    PropertyName(String),
    /// READY has one.
    #[error("its READY has no Socket-Type")]
    NoSocketType,
    /// One that ours can't talk to.
    #[error("its socket is {found:?}, which {ours} can't talk to")]
    SocketType {
        /// The peer's.
        found: String,
        /// Ours.
        ours: &'static str,
    },
    /// At most 255 bytes, the first of which is not zero.
    #[error("its identity of {0} bytes is too long, or begins with a zero")]
    Identity(usize),
    /// Only REQ, DEALER and ROUTER have one.
    #[error("it has an identity, and is {0:?}")]
    IdentityOf(String),
    /// At most 16 bytes.
    #[error("a PING has {0} bytes of context, more than 16")]
    PingContext(usize),
    /// Nobody had sent that.
    #[error("a PONG answers no PING that was sent")]
    PongUnasked,
    /// What a request socket gets begins with an empty frame.
    #[error("an answer to a request does not begin with an empty frame")]
    NoEnvelope,
}

impl Violation {
    /// A stable name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Signature => "signature",
            Self::Version(_) => "version",
            Self::Mechanism(_) => "mechanism",
            Self::AsServer(_) => "as_server",
            Self::Filler => "filler",
            Self::ReservedFlags(_) => "reserved_flags",
            Self::CommandWithMore => "command_with_more",
            Self::CommandInMessage => "command_in_message",
            Self::LongForm(_) => "long_form",
            Self::Size(_) => "size",
            Self::TooLarge(_) => "too_large",
            Self::MessageBeforeReady => "message_before_ready",
            Self::UnexpectedCommand(_) => "unexpected_command",
            Self::MalformedCommand(_) => "malformed_command",
            Self::Refused(_) => "refused",
            Self::Metadata => "metadata",
            Self::PropertyName(_) => "property_name",
            Self::NoSocketType => "no_socket_type",
            Self::SocketType { .. } => "socket_type",
            Self::Identity(_) => "identity",
            Self::IdentityOf(_) => "identity_of",
            Self::PingContext(_) => "ping_context",
            Self::PongUnasked => "pong_unasked",
            Self::NoEnvelope => "no_envelope",
        }
    }
}

/// A peer's bytes as a text of bounded length.
pub(super) fn text(bytes: &[u8]) -> String {
    const LONGEST: usize = 64;
    String::from_utf8_lossy(&bytes[..bytes.len().min(LONGEST)]).into_owned()
}
