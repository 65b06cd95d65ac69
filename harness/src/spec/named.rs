//! Closed sets of names: an enum whose variants are spelled in the files as given here.

use crate::wire::{Channel, TransportKind, WireKind};

/// A closed set of names.
pub trait Named: Copy + 'static {
    /// What the set is called in a message: `level`.
    const WHAT: &'static str;
    /// All of it, in the order in which it is listed.
    const ALL: &'static [Self];

    /// How this one is spelled.
    fn name(self) -> &'static str;
}

/// The one of this spelling.
pub(super) fn find<T: Named>(name: &str) -> Option<T> {
    T::ALL.iter().copied().find(|one| one.name() == name)
}

macro_rules! names {
    ($(#[$doc:meta])* $name:ident, $what:literal, { $($(#[$variant_doc:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$variant_doc])* $variant,)* }

        impl $crate::spec::Named for $name {
            const WHAT: &'static str = $what;
            const ALL: &'static [Self] = &[$(Self::$variant),*];

            fn name(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str($crate::spec::Named::name(*self))
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str($crate::spec::Named::name(*self))
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                let unknown = || serde::de::Error::custom(format!("unknown {}: {text}", $what));
                $crate::spec::named::find(&text).ok_or_else(unknown)
            }
        }
    };
}
pub(super) use names;

impl Named for Channel {
    const WHAT: &'static str = "channel";
    const ALL: &'static [Self] = &Self::ALL;

    fn name(self) -> &'static str {
        Self::name(self)
    }
}

impl Named for TransportKind {
    const WHAT: &'static str = "transport";
    const ALL: &'static [Self] = &[Self::Tcp, Self::Ipc];

    fn name(self) -> &'static str {
        Self::name(self)
    }
}

impl Named for WireKind {
    const WHAT: &'static str = "wire";
    const ALL: &'static [Self] = &[Self::Zmq, Self::Zmtp];

    fn name(self) -> &'static str {
        Self::name(self)
    }
}
