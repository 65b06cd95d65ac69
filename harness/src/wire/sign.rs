//! Signatures: the lower-case hex HMAC over header, parent header, metadata and content.

use std::fmt;
use std::str::FromStr;

use hmac::{Hmac, KeyInit, Mac};
use md5::Md5;
use sha1::Sha1;
use sha2::{Sha256, Sha512};

use super::body::View;

/// The signature schemes we know, named as a connection file names them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scheme {
    /// `hmac-sha256`, the default, and the only one that every implementation has.
    HmacSha256,
    /// `hmac-sha512`
    HmacSha512,
    /// `hmac-sha1`
    HmacSha1,
    /// `hmac-md5`
    HmacMd5,
}

/// A signature scheme that is none of [`Scheme::ALL`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown signature scheme {found:?}: known are hmac-sha256, hmac-sha512, hmac-sha1 and hmac-md5")]
pub struct UnknownScheme {
    /// The name as it was given.
    pub found: String,
}

impl Scheme {
    /// Every scheme, the default first.
    pub const ALL: [Self; 4] = [Self::HmacSha256, Self::HmacSha512, Self::HmacSha1, Self::HmacMd5];

    /// The name in a connection file.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::HmacSha256 => "hmac-sha256",
            Self::HmacSha512 => "hmac-sha512",
            Self::HmacSha1 => "hmac-sha1",
            Self::HmacMd5 => "hmac-md5",
        }
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Scheme {
    type Err = UnknownScheme;

    fn from_str(name: &str) -> Result<Self, UnknownScheme> {
        let found = || UnknownScheme { found: name.to_owned() };
        Self::ALL.into_iter().find(|scheme| scheme.name() == name).ok_or_else(found)
    }
}

/// Signs and verifies with one key. Cheap to clone; the key can't be read back.
#[derive(Clone)]
pub struct Signer {
    keyed: Option<Keyed>,
}

/// The state of a hash that has taken in the key; cloned for each message, so that the key is hashed once.
#[derive(Clone)]
enum Keyed {
    Sha256(Hmac<Sha256>),
    Sha512(Hmac<Sha512>),
    Sha1(Hmac<Sha1>),
    Md5(Hmac<Md5>),
}

impl Signer {
    /// A signer for this key. The empty key turns signing off, as it does in every kernel.
    #[must_use]
    pub fn new(scheme: Scheme, key: &[u8]) -> Self {
        if key.is_empty() {
            return Self::disabled();
        }
        let keyed = match scheme {
            Scheme::HmacSha256 => Keyed::Sha256(with_key(key)),
            Scheme::HmacSha512 => Keyed::Sha512(with_key(key)),
            Scheme::HmacSha1 => Keyed::Sha1(with_key(key)),
            Scheme::HmacMd5 => Keyed::Md5(with_key(key)),
        };
        Self { keyed: Some(keyed) }
    }

    /// The signer of the empty key: signs with nothing and accepts anything.
    #[must_use]
    pub fn disabled() -> Self {
        Self { keyed: None }
    }

    /// Whether there is a key.
    #[must_use]
    pub fn is_enabled(&self) -> bool {
        self.keyed.is_some()
    }

    /// The signature of these parts, taken one after the other: lower-case hex, or nothing without a key.
    #[must_use]
    pub fn sign<'a, P: Copy + Into<View<'a>>>(&self, parts: &[P]) -> String {
        let parts: Vec<View<'_>> = parts.iter().map(|part| (*part).into()).collect();
        match &self.keyed {
            None => String::new(),
            Some(Keyed::Sha256(mac)) => hex_of(mac, &parts),
            Some(Keyed::Sha512(mac)) => hex_of(mac, &parts),
            Some(Keyed::Sha1(mac)) => hex_of(mac, &parts),
            Some(Keyed::Md5(mac)) => hex_of(mac, &parts),
        }
    }

    /// Whether this is the signature of these parts, to the byte: lower case, and nothing short or over.
    /// Without a key any signature is accepted. Takes the same time wherever the difference is.
    #[must_use]
    pub fn verify<'a, P: Copy + Into<View<'a>>>(&self, signature: &[u8], parts: &[P]) -> bool {
        let parts: Vec<View<'_>> = parts.iter().map(|part| (*part).into()).collect();
        match &self.keyed {
            None => true,
            Some(Keyed::Sha256(mac)) => is_hex_of(mac, signature, &parts),
            Some(Keyed::Sha512(mac)) => is_hex_of(mac, signature, &parts),
            Some(Keyed::Sha1(mac)) => is_hex_of(mac, signature, &parts),
            Some(Keyed::Md5(mac)) => is_hex_of(mac, signature, &parts),
        }
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = match &self.keyed {
            None => "disabled",
            Some(Keyed::Sha256(_)) => Scheme::HmacSha256.name(),
            Some(Keyed::Sha512(_)) => Scheme::HmacSha512.name(),
            Some(Keyed::Sha1(_)) => Scheme::HmacSha1.name(),
            Some(Keyed::Md5(_)) => Scheme::HmacMd5.name(),
        };
        write!(f, "Signer({scheme})")
    }
}

fn with_key<M: KeyInit>(key: &[u8]) -> M {
    M::new_from_slice(key).expect("HMAC takes a key of any length")
}

fn mac_of<M: Mac + Clone>(keyed: &M, parts: &[View<'_>]) -> M {
    let mut mac = keyed.clone();
    for part in parts {
        part.windows().for_each(|window| mac.update(&window));
    }
    mac
}

fn hex_of<M: Mac + Clone>(keyed: &M, parts: &[View<'_>]) -> String {
    hex::encode(mac_of(keyed, parts).finalize().into_bytes())
}

fn is_hex_of<M: Mac + Clone>(keyed: &M, signature: &[u8], parts: &[View<'_>]) -> bool {
    if signature.iter().any(u8::is_ascii_uppercase) {
        return false;
    }
    // Comparing the digests and not their text leaves the constant time to the hash library.
    hex::decode(signature).is_ok_and(|digest| mac_of(keyed, parts).verify_slice(&digest).is_ok())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PARTS: [&[u8]; 4] = [b"{\"a\":1}", b"{}", b"", b"\xff"];

    #[test]
    fn signatures_are_those_that_other_implementations_make() {
        // RFC 2202 and RFC 4231, test case 2.
        let parts: [&[u8]; 2] = [b"what do ya want ", b"for nothing?"];
        let signed = Scheme::ALL.map(|scheme| Signer::new(scheme, b"Jefe").sign(&parts));
        let expected = [
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
            "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737",
            "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79",
            "750c783e6ab0b503eaa86e310a5db738",
        ];
        assert_eq!(signed, expected);
    }

    #[test]
    fn schemes_are_known_by_name() {
        for scheme in Scheme::ALL {
            assert_eq!(scheme.to_string().parse(), Ok(scheme));
        }
        let error = "hmac-sha3".parse::<Scheme>().map_err(|error| error.to_string());
        let expected = "unknown signature scheme \"hmac-sha3\": known are hmac-sha256, hmac-sha512, hmac-sha1 and hmac-md5";
        assert_eq!(error, Err(expected.to_owned()));
    }

    #[test]
    fn only_the_exact_signature_is_accepted() {
        for scheme in Scheme::ALL {
            let signer = Signer::new(scheme, b"key");
            let signature = signer.sign(&PARTS);
            assert!(signer.verify(signature.as_bytes(), &PARTS));
            let digest = hex::decode(&signature).expect("a signature is hex");
            let padded = format!("{signature}abc");
            let upper = signature.to_uppercase();
            let half = &signature[..signature.len() / 2];
            for wrong in [&digest, padded.as_bytes(), upper.as_bytes(), half.as_bytes(), b"", b"zz"] {
                assert!(!signer.verify(wrong, &PARTS), "{scheme}: {wrong:?}");
            }
            assert!(!Signer::new(scheme, b"another").verify(signature.as_bytes(), &PARTS));
        }
    }

    #[test]
    fn the_empty_key_signs_with_nothing_and_accepts_anything() {
        let signer = Signer::new(Scheme::HmacSha256, b"");
        assert_eq!((signer.is_enabled(), signer.sign(&PARTS)), (false, String::new()));
        assert!(signer.verify(b"garbage", &PARTS));
    }

    #[test]
    fn the_key_is_never_shown() {
        let shown = format!("{:?} {:?}", Signer::new(Scheme::HmacMd5, b"secret"), Signer::disabled());
        assert_eq!(shown, "Signer(hmac-md5) Signer(disabled)");
    }

    proptest! {
        #[test]
        fn a_flipped_bit_is_always_noticed(
            scheme in prop::sample::select(&Scheme::ALL[..]),
            key in prop::collection::vec(any::<u8>(), 1..100),
            parts in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..50), 4),
            at in any::<prop::sample::Index>(),
            bit in 0..8_u32,
        ) {
            let signer = Signer::new(scheme, &key);
            let signature = signer.sign(&slices(&parts)).into_bytes();
            prop_assert!(signer.verify(&signature, &slices(&parts)));

            let mut forged = signature.clone();
            forged[at.index(signature.len())] ^= 1 << bit;
            prop_assert!(!signer.verify(&forged, &slices(&parts)));

            let mut tampered = parts.clone();
            if let Some(part) = tampered.iter_mut().find(|part| !part.is_empty()) {
                let index = at.index(part.len());
                part[index] ^= 1 << bit;
                prop_assert!(!signer.verify(&signature, &slices(&tampered)));
            }
        }
    }

    fn slices(parts: &[Vec<u8>]) -> Vec<&[u8]> {
        parts.iter().map(Vec::as_slice).collect()
    }
}
