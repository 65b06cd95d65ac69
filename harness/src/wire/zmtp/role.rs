//! The kinds of socket that a client has.

/// What a socket of ours is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Sends and takes messages as they are.
    Dealer,
    /// Asks, and takes the answer: an empty frame stands before each.
    Req,
    /// Subscribes, and takes what is published.
    Sub,
    /// A subscriber that may also send messages against the stream.
    Xsub,
}

impl Role {
    /// As READY names it.
    #[must_use]
    pub fn socket_type(self) -> &'static str {
        match self {
            Self::Dealer => "DEALER",
            Self::Req => "REQ",
            Self::Sub => "SUB",
            Self::Xsub => "XSUB",
        }
    }

    /// Whether READY has our identity.
    pub(super) fn has_identity(self) -> bool {
        matches!(self, Self::Dealer | Self::Req)
    }

    /// Whether it can talk to a socket of that type.
    pub(super) fn talks_to(self, socket_type: &[u8]) -> bool {
        let fitting: &[&[u8]] = match self {
            Self::Dealer => &[b"ROUTER", b"REP", b"DEALER"],
            Self::Req => &[b"REP", b"ROUTER"],
            Self::Sub | Self::Xsub => &[b"PUB", b"XPUB"],
        };
        fitting.contains(&socket_type)
    }
}
