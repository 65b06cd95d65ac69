//! What a rule wants of a value: a literal, or a table of conditions that must all hold.

use std::borrow::Cow;
use std::collections::BTreeSet;

use regex::Regex;

use super::episode::Episode;
use super::path::{Path, Scope, length};
use super::words::{brief, difference};
use crate::wire::{Json, Member};

/// A condition on a value.
#[derive(Debug, Clone)]
pub(crate) enum Want {
    /// Equal to this.
    Is(Json),
    /// Equal to one of these.
    In(Vec<Json>),
    /// The condition does not hold.
    Not(Box<Want>),
    /// Of one of these kinds, as [`Json::kind`] names them; an `int` is a `number` as well.
    Kind(Vec<String>),
    /// There, or not there.
    Exists(bool),
    /// The condition holds if the value is there.
    Optional(Box<Want>),
    /// A string in which the pattern is found.
    Pattern(Box<Regex>),
    /// A number of at least this.
    Min(Bound),
    /// A number of at most this.
    Max(Bound),
    /// Equal to another value. Cannot be told where there is no such value.
    SameAs(Path),
    /// The same major and minor version as another text. Cannot be told where there is no such text.
    SameVersion(Path),
    /// An object with the same keys as another. Cannot be told where there is no such object.
    SameKeys(Path),
    /// An array with the same items as another, in whatever order. Cannot be told where there is no such array.
    SameItems(Path),
    /// Text that begins with another text. Cannot be told where there is no such text.
    BeginsWith(Path),
    /// Text that ends with another text. Cannot be told where there is no such text.
    EndsWith(Path),
    /// Equal to a fact of the request. Cannot be told where the plan has no such fact.
    Fact(String),
    /// An array or object that holds this value, or a string that holds this text.
    Contains(Box<Want>),
    /// Holds for each item of an array.
    Each(Box<Want>),
    /// Holds for each member's value of an object.
    Values(Box<Want>),
    /// Holds for each key of an object.
    Keys(Box<Want>),
    /// Holds for the number of items, members or code points.
    Length(Box<Want>),
    /// Text in base64, line breaks allowed.
    Base64,
    /// A protocol version of at least this.
    Version(u32, u32),
    /// All hold.
    All(Vec<Want>),
    /// At least one holds.
    Any(Vec<Want>),
}

/// The bound of a range.
#[derive(Debug, Clone)]
pub(crate) enum Bound {
    /// This number.
    Number(f64),
    /// The number at this path.
    At(Path),
    /// The number of code points of the text at this path.
    CodePointsOf(Path),
}

/// Whether a condition holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Held {
    /// It does.
    Yes,
    /// It does not, and why: `is 3, wanted a string`.
    No(String),
    /// It can't be told: what it should be compared with is not there.
    Unknown,
}

/// The message that a condition is looked at for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct At<'a> {
    /// Its episode.
    pub(crate) episode: &'a Episode,
    /// Its index.
    pub(crate) message: usize,
    /// Whether [`Held::No`] is to say why; selectors ask too often for that.
    pub(crate) explain: bool,
}

impl At<'_> {
    fn holds(self, holds: bool, why: impl FnOnce() -> String) -> Held {
        if holds { Held::Yes } else { self.no(why) }
    }

    fn no(self, why: impl FnOnce() -> String) -> Held {
        Held::No(if self.explain { why() } else { String::new() })
    }
}

impl Want {
    /// Whether the condition holds for a value of a message; `None` if it has no such value.
    #[must_use]
    pub(crate) fn holds(&self, value: Option<&Json>, at: At<'_>) -> Held {
        match (self, value) {
            (Self::Exists(wanted), value) => at.holds(value.is_some() == *wanted, || {
                if *wanted { "is missing".to_owned() } else { format!("is {}, and should be absent", brief(value)) }
            }),
            (Self::Optional(_), None) => Held::Yes,
            (Self::Optional(want), value) => want.holds(value, at),
            (Self::All(wants), value) => all(wants, |want| want.holds(value, at)),
            (Self::Any(wants), value) => any(wants, |want| want.holds(value, at)),
            (Self::Not(want), value) => match want.holds(value, at) {
                Held::Yes => at.no(|| format!("is {}, which it must not be", brief(value))),
                Held::No(_) => Held::Yes,
                Held::Unknown => Held::Unknown,
            },
            (_, None) => at.no(|| "is missing".to_owned()),
            (want, Some(value)) => want.holds_for(value, at),
        }
    }

    fn holds_for(&self, value: &Json, at: At<'_>) -> Held {
        match self {
            Self::Is(wanted) => is(value, wanted, at),
            Self::In(list) => at.holds(list.contains(value), || {
                let list: Vec<String> = list.iter().map(|one| brief(Some(one))).collect();
                format!("is {}, wanted one of {}", brief(Some(value)), list.join(", "))
            }),
            Self::Kind(kinds) => {
                let kind = value.kind();
                let fits = |wanted: &String| wanted == kind || (wanted == "number" && kind == "int");
                at.holds(kinds.iter().any(fits), || format!("is {}{}, wanted {}", article(kind), brief(Some(value)), kinds.join(" or ")))
            }
            Self::Pattern(pattern) => match value.as_str() {
                Some(text) => at.holds(pattern.is_match(text), || format!("is {}, wanted text like {pattern}", brief(Some(value)))),
                None => at.no(|| format!("is {}, wanted text like {pattern}", brief(Some(value)))),
            },
            Self::Min(bound) => compare(value, bound, at, "at least", |value, bound| value >= bound),
            Self::Max(bound) => compare(value, bound, at, "at most", |value, bound| value <= bound),
            Self::SameAs(path) => same(value, path.value(at.episode, at.message), &path.to_string(), at),
            Self::SameVersion(path) => same_version(value, path, at),
            Self::SameKeys(path) => same_keys(value, path, at),
            Self::SameItems(path) => same_items(value, path, at),
            Self::BeginsWith(path) => affixed(value, path, at, "begin", |text, part| text.starts_with(part)),
            Self::EndsWith(path) => affixed(value, path, at, "end", |text, part| text.ends_with(part)),
            Self::Fact(name) => same(value, fact(at, name), "expected", at),
            Self::Contains(want) => contains(value, want, at),
            Self::Each(want) => match value {
                Json::Array(items) => all(items, |item| at_place(want.holds(Some(item), at), "an item")),
                other => at.no(|| format!("is {}{}, wanted an array", article(other.kind()), brief(Some(other)))),
            },
            Self::Values(want) => members(value, at, |(_, value)| at_place(want.holds(Some(value), at), "a member")),
            Self::Keys(want) => members(value, at, |(key, _)| at_place(want.holds(Some(&Json::String(key.clone().into())), at), "a key")),
            Self::Length(want) => match length(value) {
                Some(length) => at_place(want.holds(Some(&length), at), "its length"),
                None => at.no(|| format!("is {}, which has no length", brief(Some(value)))),
            },
            Self::Base64 => at.holds(value.as_str().is_some_and(is_base64), || format!("is {}, wanted base64", brief(Some(value)))),
            Self::Version(major, minor) => {
                let found = value.as_str().and_then(super::kernel::version);
                at.holds(found.is_some_and(|found| found >= (*major, *minor)), || {
                    format!("is {}, wanted {major}.{minor} or later", brief(Some(value)))
                })
            }
            Self::Exists(_) | Self::Optional(_) | Self::All(_) | Self::Any(_) | Self::Not(_) => self.holds(Some(value), at),
        }
    }
}

fn is(value: &Json, wanted: &Json, at: At<'_>) -> Held {
    at.holds(value == wanted, || format!("is {}, wanted {}", brief(Some(value)), brief(Some(wanted))))
}

fn same(value: &Json, other: Option<Cow<'_, Json>>, name: &str, at: At<'_>) -> Held {
    let Some(other) = other else { return Held::Unknown };
    at.holds(*value == *other, || match (value, &*other) {
        (Json::String(value), Json::String(other)) => format!("differs from {name}: {}", difference(value, other)),
        _ => format!("is {}, {name} is {}", brief(Some(value)), brief(Some(&other))),
    })
}

fn same_version(value: &Json, path: &Path, at: At<'_>) -> Held {
    let version = |value: &Json| value.as_str().and_then(super::kernel::version);
    let Some(other) = path.value(at.episode, at.message).and_then(|other| version(&other)) else { return Held::Unknown };
    at.holds(version(value) == Some(other), || format!("is {}, {path} is {}.{}", brief(Some(value)), other.0, other.1))
}

fn same_items(value: &Json, path: &Path, at: At<'_>) -> Held {
    let Some(other) = path.value(at.episode, at.message) else { return Held::Unknown };
    let Some(wanted) = other.as_array() else { return Held::Unknown };
    let spelled = |items: &[Json]| {
        let mut items: Vec<String> = items.iter().map(ToString::to_string).collect();
        items.sort_unstable();
        items
    };
    let same = value.as_array().is_some_and(|items| spelled(items) == spelled(wanted));
    at.holds(same, || format!("is {}, wanted the items of {}", brief(Some(value)), brief(Some(&other))))
}

fn affixed(value: &Json, path: &Path, at: At<'_>, verb: &str, fits: fn(&str, &str) -> bool) -> Held {
    let part = path.value(at.episode, at.message);
    let Some(part) = part.as_deref().and_then(|part| part.as_str()) else { return Held::Unknown };
    let holds = value.as_str().is_some_and(|text| fits(text, part));
    at.holds(holds, || format!("is {}, which does not {verb} with {part:?}", brief(Some(value))))
}

fn same_keys(value: &Json, path: &Path, at: At<'_>) -> Held {
    let Some(other) = path.value(at.episode, at.message).filter(|other| other.is_object()) else { return Held::Unknown };
    let (wanted, own) = (BTreeSet::from_iter(other.keys()), BTreeSet::from_iter(value.keys()));
    at.holds(value.is_object() && own == wanted, || {
        let list = |keys: &mut dyn Iterator<Item = &&str>| keys.copied().collect::<Vec<_>>().join(", ");
        format!(
            "lacks the keys [{}] of {path} and has [{}] beside them",
            list(&mut wanted.difference(&own)),
            list(&mut own.difference(&wanted))
        )
    })
}

fn fact<'a>(at: At<'a>, name: &str) -> Option<Cow<'a, Json>> {
    let request = at.episode.request_of(at.message)?;
    at.episode.asked(request).known.get(name).map(Cow::Borrowed)
}

fn contains(value: &Json, want: &Want, at: At<'_>) -> Held {
    let held = match (value, want) {
        (Json::Array(items), want) => any(items, |item| want.holds(Some(item), at)),
        (Json::Object(members), want) => any(members, |(key, _)| want.holds(Some(&Json::String(key.clone().into())), at)),
        (Json::String(text), Want::Is(Json::String(part))) => at.holds(text.contains(&**part), String::new),
        (Json::String(text), Want::Fact(name)) => match fact(at, name).as_deref() {
            Some(Json::String(part)) => at.holds(text.contains(&**part), String::new),
            _ => Held::Unknown,
        },
        _ => Held::No(String::new()),
    };
    match held {
        Held::No(_) => at.no(|| format!("is {}, which lacks {}", brief(Some(value)), want.describe(at))),
        held => held,
    }
}

impl Want {
    /// What the condition says the same of, for one and the same value.
    pub(crate) fn scope(&self) -> Scope {
        match self {
            Self::Is(_) | Self::In(_) | Self::Kind(_) | Self::Exists(_) | Self::Pattern(_) | Self::Base64 | Self::Version(..) => {
                Scope::Episode
            }
            Self::Min(Bound::Number(_)) | Self::Max(Bound::Number(_)) => Scope::Episode,
            Self::Min(Bound::At(path) | Bound::CodePointsOf(path)) | Self::Max(Bound::At(path) | Bound::CodePointsOf(path)) => path.scope(),
            Self::SameAs(path)
            | Self::SameVersion(path)
            | Self::SameKeys(path)
            | Self::SameItems(path)
            | Self::BeginsWith(path)
            | Self::EndsWith(path) => path.scope(),
            Self::Fact(_) => Scope::Request,
            Self::Not(want)
            | Self::Optional(want)
            | Self::Contains(want)
            | Self::Each(want)
            | Self::Values(want)
            | Self::Keys(want)
            | Self::Length(want) => want.scope(),
            Self::All(wants) | Self::Any(wants) => wants.iter().map(Self::scope).max().unwrap_or(Scope::Episode),
        }
    }

    /// The wanted value in a few words.
    fn describe(&self, at: At<'_>) -> String {
        match self {
            Self::Is(wanted) => brief(Some(wanted)),
            Self::Fact(name) => fact(at, name).map_or_else(|| name.clone(), |value| brief(Some(&value))),
            Self::Pattern(pattern) => format!("text like {pattern}"),
            _ => "what is wanted".to_owned(),
        }
    }
}

fn compare(value: &Json, bound: &Bound, at: At<'_>, words: &str, holds: fn(f64, f64) -> bool) -> Held {
    let bound = match bound {
        Bound::Number(number) => Some(*number),
        Bound::At(path) => path.value(at.episode, at.message).and_then(|value| value.as_f64()),
        Bound::CodePointsOf(path) => {
            path.value(at.episode, at.message).and_then(|value| length(value.as_str().map(|_| &*value)?)?.as_f64())
        }
    };
    let Some(bound) = bound else { return Held::Unknown };
    at.holds(value.as_f64().is_some_and(|value| holds(value, bound)), || format!("is {}, wanted {words} {bound}", brief(Some(value))))
}

fn members(value: &Json, at: At<'_>, held: impl FnMut(&Member) -> Held) -> Held {
    match value {
        Json::Object(members) => all(members, held),
        other => at.no(|| format!("is {}{}, wanted an object", article(other.kind()), brief(Some(other)))),
    }
}

fn all<T>(list: &[T], held: impl FnMut(&T) -> Held) -> Held {
    let mut unknown = false;
    for held in list.iter().map(held) {
        match held {
            Held::No(why) => return Held::No(why),
            Held::Unknown => unknown = true,
            Held::Yes => {}
        }
    }
    if unknown { Held::Unknown } else { Held::Yes }
}

fn any<T>(list: &[T], held: impl FnMut(&T) -> Held) -> Held {
    let mut worst = Held::No(String::new());
    for held in list.iter().map(held) {
        match held {
            Held::Yes => return Held::Yes,
            Held::Unknown => worst = Held::Unknown,
            Held::No(why) => {
                if worst != Held::Unknown {
                    worst = Held::No(why);
                }
            }
        }
    }
    worst
}

fn at_place(held: Held, place: &str) -> Held {
    match held {
        Held::No(why) if !why.is_empty() => Held::No(format!("has {place} that {why}")),
        held => held,
    }
}

fn is_base64(text: &str) -> bool {
    use base64::Engine;
    let compact: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    base64::engine::general_purpose::STANDARD.decode(compact).is_ok()
}

/// What stands before a value of this kind.
fn article(kind: &str) -> &'static str {
    match kind {
        "int" => "the integer ",
        "number" => "the number ",
        "string" => "the string ",
        "bool" => "the boolean ",
        "array" => "the array ",
        "object" => "the object ",
        _ => "",
    }
}
