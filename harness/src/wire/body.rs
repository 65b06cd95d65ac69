//! What a frame holds: bytes in memory, or a spool where it came and is large.

use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;

use memchr::memmem;

use super::spool::Spool;

/// The bytes of a frame.
#[derive(Clone)]
pub enum Body {
    /// They are in memory.
    Held(Vec<u8>),
    /// They are not.
    Spooled(Spool),
}

/// The bytes of a frame that is elsewhere.
#[derive(Clone, Copy)]
pub enum View<'a> {
    /// They are in memory.
    Held(&'a [u8]),
    /// They are not.
    Spooled(&'a Spool),
}

impl Body {
    /// How many bytes there are.
    #[must_use]
    pub fn len(&self) -> usize {
        View::from(self).len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Leaves no more than that many bytes, and holds them.
    pub fn truncate(&mut self, kept: usize) {
        match self {
            Self::Held(bytes) => {
                bytes.truncate(kept);
                bytes.shrink_to_fit();
            }
            Self::Spooled(spool) => *self = Self::Held(spool.read(0, kept)),
        }
    }
}

impl<'a> View<'a> {
    /// How many bytes there are.
    #[must_use]
    pub fn len(self) -> usize {
        match self {
            Self::Held(bytes) => bytes.len(),
            Self::Spooled(spool) => spool.len(),
        }
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// The first of them, no more than that many.
    #[must_use]
    pub fn begin(self, most: usize) -> Cow<'a, [u8]> {
        match self {
            Self::Held(bytes) => Cow::Borrowed(&bytes[..bytes.len().min(most)]),
            Self::Spooled(spool) => Cow::Owned(spool.read(0, most)),
        }
    }

    /// All of them, in memory from now on.
    #[must_use]
    pub fn whole(self) -> &'a [u8] {
        match self {
            Self::Held(bytes) => bytes,
            Self::Spooled(spool) => spool,
        }
    }

    /// All of them, as many at a time as are best held.
    pub fn windows(self) -> impl Iterator<Item = Cow<'a, [u8]>> {
        let (held, spool) = match self {
            Self::Held(bytes) => (Some(bytes), None),
            Self::Spooled(spool) => (None, Some(spool)),
        };
        held.into_iter().map(Cow::Borrowed).chain(spool.into_iter().flat_map(Spool::windows).map(Cow::Owned))
    }

    /// Whether these few bytes stand in it somewhere.
    #[must_use]
    pub fn contains(self, bytes: &[u8]) -> bool {
        match self {
            Self::Held(held) => memmem::find(held, bytes).is_some(),
            Self::Spooled(spool) => spool.contains(bytes),
        }
    }
}

impl Deref for Body {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        View::from(self).whole()
    }
}

impl Deref for View<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.whole()
    }
}

impl From<Vec<u8>> for Body {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Held(bytes)
    }
}

impl<'a> From<&'a Body> for View<'a> {
    fn from(body: &'a Body) -> Self {
        match body {
            Body::Held(bytes) => Self::Held(bytes),
            Body::Spooled(spool) => Self::Spooled(spool),
        }
    }
}

impl<'a> From<&View<'a>> for View<'a> {
    fn from(view: &View<'a>) -> Self {
        *view
    }
}

impl<'a, F: AsRef<[u8]> + ?Sized> From<&'a F> for View<'a> {
    fn from(bytes: &'a F) -> Self {
        Self::Held(bytes.as_ref())
    }
}

/// Where they are kept makes no difference.
impl PartialEq for Body {
    fn eq(&self, other: &Self) -> bool {
        View::from(self) == View::from(other)
    }
}

impl Eq for Body {}

impl PartialEq<Vec<u8>> for Body {
    fn eq(&self, other: &Vec<u8>) -> bool {
        View::from(self) == View::from(other)
    }
}

impl PartialEq for View<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.whole() == other.whole()
    }
}

impl Eq for View<'_> {}

impl PartialEq<[u8]> for View<'_> {
    fn eq(&self, other: &[u8]) -> bool {
        *self == View::Held(other)
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        View::from(self).fmt(f)
    }
}

impl fmt::Debug for View<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Held(bytes) => write!(f, "{:?}", String::from_utf8_lossy(bytes)),
            Self::Spooled(spool) => spool.fmt(f),
        }
    }
}
