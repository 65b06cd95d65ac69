//! A version of the protocol, as `5.3`.

use std::fmt;
use std::str::FromStr;

/// Major and minor number of the protocol; ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    /// Before the dot.
    pub major: u32,
    /// After it.
    pub minor: u32,
}

/// A text that is no `MAJOR.MINOR`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{found}` is not a version of the protocol, as `5.3`")]
pub struct BadVersion {
    /// The text.
    pub found: String,
}

impl FromStr for Version {
    type Err = BadVersion;

    /// Reads `5.3`, and `5` as `5.0`. Further parts must be numbers too and are left out.
    fn from_str(text: &str) -> Result<Self, BadVersion> {
        let number = |part: &str| {
            let digits = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
            digits.then(|| part.parse().ok()).flatten()
        };
        let numbers: Option<Vec<u32>> = text.split('.').map(number).collect();
        match numbers.as_deref() {
            Some([major, rest @ ..]) => Ok(Self { major: *major, minor: rest.first().copied().unwrap_or(0) }),
            _ => Err(BadVersion { found: text.to_owned() }),
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

impl serde::Serialize for Version {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::Version;

    #[test]
    fn versions_are_ordered_by_number() {
        let version = |text: &str| text.parse::<Version>();
        assert_eq!(version("5.10"), Ok(Version { major: 5, minor: 10 }));
        assert_eq!(version("5"), version("5.0"));
        assert_eq!(version("5.3.1"), version("5.3"));
        assert!(version("5.10").ok() > version("5.3").ok());
        for bad in ["", "5.", ".1", "v5", "5.x", "+5", "99999999999"] {
            assert_eq!(version(bad).map_err(|error| error.found), Err(bad.to_owned()));
        }
    }
}
