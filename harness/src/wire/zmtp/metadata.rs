//! The properties of a READY: names and values.

use super::role::Role;
use super::violation::{Violation, text};

/// The largest identity, in bytes.
const LONGEST_IDENTITY: usize = 255;

/// Names with their values, in the order in which they came.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Metadata(pub Vec<(Vec<u8>, Vec<u8>)>);

impl Metadata {
    /// Those of a socket of ours.
    #[must_use]
    pub fn of(role: Role, identity: &[u8]) -> Self {
        let mut properties = vec![(b"Socket-Type".to_vec(), role.socket_type().as_bytes().to_vec())];
        if role.has_identity() {
            properties.push((b"Identity".to_vec(), identity.to_vec()));
        }
        Self(properties)
    }

    /// The value of a property; names are the same in small letters and capitals.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        self.0.iter().find(|(other, _)| other.eq_ignore_ascii_case(name.as_bytes())).map(|(_, value)| value.as_slice())
    }

    /// Appends it as it crosses the wire. Names of over 255 bytes are cut there.
    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        for (name, value) in &self.0 {
            let len = u8::try_from(name.len()).unwrap_or(u8::MAX);
            out.push(len);
            out.extend_from_slice(&name[..usize::from(len)]);
            out.extend(u32::try_from(value.len()).unwrap_or(u32::MAX).to_be_bytes());
            out.extend_from_slice(value);
        }
    }

    /// Reads it to its end; nothing if that is in the middle of a property.
    pub(super) fn read(mut bytes: &[u8]) -> Option<Self> {
        let mut properties = Vec::new();
        while let Some((&len, rest)) = bytes.split_first() {
            let (name, rest) = rest.split_at_checked(usize::from(len))?;
            let (len, rest) = rest.split_first_chunk::<4>()?;
            let (value, rest) = rest.split_at_checked(usize::try_from(u32::from_be_bytes(*len)).ok()?)?;
            properties.push((name.to_vec(), value.to_vec()));
            bytes = rest;
        }
        Some(Self(properties))
    }

    /// What is wrong with them, for a socket of ours; the error is what can't be put up with.
    pub(super) fn check(&self, role: Role, violations: &mut Vec<Violation>) -> Result<(), Violation> {
        let is_name = |name: &[u8]| !name.is_empty() && name.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_.+".contains(byte));
        violations.extend(self.0.iter().filter(|(name, _)| !is_name(name)).map(|(name, _)| Violation::PropertyName(text(name))));
        let socket_type = self.get("Socket-Type");
        if let Some(identity) = self.get("Identity").filter(|identity| !identity.is_empty()) {
            if identity.len() > LONGEST_IDENTITY || identity[0] == 0 {
                violations.push(Violation::Identity(identity.len()));
            }
            if let Some(other) = socket_type.filter(|other| ![&b"REQ"[..], b"DEALER", b"ROUTER"].contains(other)) {
                violations.push(Violation::IdentityOf(text(other)));
            }
        }
        match socket_type {
            Some(found) if !role.talks_to(found) => Err(Violation::SocketType { found: text(found), ours: role.socket_type() }),
            Some(_) => Ok(()),
            None => {
                violations.push(Violation::NoSocketType);
                Ok(())
            }
        }
    }
}
