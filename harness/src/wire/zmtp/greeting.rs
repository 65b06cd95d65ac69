//! The 64 bytes that open a connection.

use super::violation::{Violation, text};

/// Its length in bytes.
pub const GREETING_LEN: usize = 64;

const SIGNATURE: u8 = 0xff;
const SIGNATURE_END: u8 = 0x7f;
const MECHANISM: std::ops::Range<usize> = 12..32;
const AS_SERVER: usize = 32;

/// The mechanism without security.
const NULL: &[u8] = b"NULL";

/// What a greeting says, where its signature and its major version are good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Greeting {
    /// Of the version: 0 of ZMTP 3.0, 1 of ZMTP 3.1.
    pub minor: u8,
}

impl Greeting {
    /// Ours: ZMTP 3.1.
    pub const OURS: Self = Self { minor: 1 };

    /// As it crosses the wire.
    #[must_use]
    pub fn encode(self) -> [u8; GREETING_LEN] {
        let mut bytes = [0; GREETING_LEN];
        bytes[0] = SIGNATURE;
        // libzmq writes a 1 here, by which its oldest versions know newer ones.
        bytes[8] = 1;
        bytes[9] = SIGNATURE_END;
        bytes[10] = 3;
        bytes[11] = self.minor;
        bytes[MECHANISM.start..MECHANISM.start + NULL.len()].copy_from_slice(NULL);
        bytes
    }

    /// What already the first bytes of a greeting tell: that this is none that we can go on with.
    pub(super) fn check_start(bytes: &[u8]) -> Result<(), Violation> {
        match (bytes.first(), bytes.get(9), bytes.get(10)) {
            (Some(&first), _, _) if first != SIGNATURE => Err(Violation::Signature),
            (_, Some(&last), _) if last != SIGNATURE_END => Err(Violation::Signature),
            (_, _, Some(&major)) if major < 3 => Err(Violation::Version(major)),
            _ => Ok(()),
        }
    }

    /// Reads one whose start is good.
    pub(super) fn read(bytes: &[u8; GREETING_LEN], violations: &mut Vec<Violation>) -> Result<Self, Violation> {
        let (name, padding) = bytes[MECHANISM].split_at(NULL.len());
        if name != NULL || padding.iter().any(|&byte| byte != 0) {
            let end = bytes[MECHANISM].iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1);
            return Err(Violation::Mechanism(text(&bytes[MECHANISM][..end])));
        }
        if bytes[AS_SERVER] != 0 {
            violations.push(Violation::AsServer(bytes[AS_SERVER]));
        }
        if bytes[AS_SERVER + 1..].iter().any(|&byte| byte != 0) {
            violations.push(Violation::Filler);
        }
        Ok(Self { minor: bytes[11] })
    }
}
