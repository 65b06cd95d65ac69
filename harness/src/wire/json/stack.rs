//! The arrays and objects that are open while a text is read.

use std::fmt::Write;

use compact_str::CompactString;

use super::{Json, Member};

/// Bytes of a path; keys come from the text and may be megabytes long.
const MAX_PATH: usize = 256;
/// The fields of a header, of which a trace has more than of any other object.
const HEADER_FIELDS: usize = 6;
/// Up to here, comparing each pair of keys beats sorting them.
const FEW_KEYS: usize = 12;

/// An array or object whose end has not come yet.
enum Open {
    Array(Vec<Json>),
    Object {
        members: Vec<Member>,
        /// The key that waits for its value.
        key: Option<CompactString>,
        /// Where this object's keys start in [`Stack::key_offsets`].
        first_key: usize,
    },
}

/// Open containers, outermost first.
#[derive(Default)]
pub(super) struct Stack {
    open: Vec<Open>,
    /// Offsets of the keys of all open objects.
    key_offsets: Vec<usize>,
}

/// A key that its object already had.
pub(super) struct Duplicate {
    pub(super) offset: usize,
    pub(super) path: String,
}

impl Stack {
    pub(super) fn depth(&self) -> usize {
        self.open.len()
    }

    pub(super) fn open_array(&mut self) {
        self.open.push(Open::Array(Vec::new()));
    }

    pub(super) fn open_object(&mut self) {
        let first_key = self.key_offsets.len();
        self.open.push(Open::Object { members: Vec::new(), key: None, first_key });
    }

    pub(super) fn in_object(&self) -> bool {
        matches!(self.open.last(), Some(Open::Object { .. }))
    }

    /// Sets the key of the next value; of no use in an array.
    pub(super) fn set_key(&mut self, text: CompactString, offset: usize) {
        if let Some(Open::Object { key, .. }) = self.open.last_mut() {
            *key = Some(text);
            self.key_offsets.push(offset);
        }
    }

    /// Puts a value into the innermost container.
    pub(super) fn attach(&mut self, value: Json) {
        match self.open.last_mut() {
            Some(Open::Array(items)) => items.push(value),
            Some(Open::Object { members, key, .. }) => {
                if members.capacity() == 0 {
                    members.reserve_exact(HEADER_FIELDS);
                }
                members.push((key.take().unwrap_or_default(), value));
            }
            None => {}
        }
    }

    /// Closes the innermost container. A key without its value is dropped.
    pub(super) fn close(&mut self) -> Option<(Json, Vec<Duplicate>)> {
        match self.open.pop()? {
            Open::Array(items) => Some((Json::Array(items), Vec::new())),
            Open::Object { mut members, first_key, .. } => {
                // Thousands of them are held at a time.
                members.shrink_to_fit();
                let duplicates = self.duplicates(&members, first_key);
                self.key_offsets.truncate(first_key);
                Some((Json::Object(members), duplicates))
            }
        }
    }

    fn duplicates(&self, members: &[Member], first_key: usize) -> Vec<Duplicate> {
        let again = repeated_keys(members);
        let duplicate = |index: usize| {
            let mut path = self.path();
            push_key(&mut path, &members[index].0);
            let offset = self.key_offsets[first_key + index];
            Duplicate { offset, path }
        };
        again.into_iter().map(duplicate).collect()
    }

    /// Where the reading is, as in `data.rows[2]`.
    pub(super) fn path(&self) -> String {
        let mut path = String::new();
        for container in &self.open {
            if path.len() >= MAX_PATH {
                break;
            }
            match container {
                Open::Array(items) => {
                    write!(path, "[{}]", items.len()).expect("a String takes all text");
                }
                Open::Object { key: Some(key), .. } => push_key(&mut path, key),
                Open::Object { key: None, .. } => {}
            }
        }
        path
    }
}

/// The members whose key stands before them already; as many as are kept.
fn repeated_keys(members: &[Member]) -> Vec<usize> {
    let key = |index: usize| members[index].0.as_str();
    if members.len() <= FEW_KEYS {
        let repeats = |&index: &usize| (0..index).any(|before| key(before) == key(index));
        return (1..members.len()).filter(repeats).collect();
    }
    let mut order: Vec<usize> = (0..members.len()).collect();
    order.sort_by_key(|&index| key(index));
    let pairs = order.windows(2).filter(|pair| key(pair[0]) == key(pair[1]));
    let mut again: Vec<usize> = pairs.map(|pair| pair[1]).collect();
    again.sort_unstable();
    again.truncate(super::MAX_OF_KIND);
    again
}

fn push_key(path: &mut String, key: &str) {
    if !path.is_empty() {
        path.push('.');
    }
    let room = key.floor_char_boundary(MAX_PATH.saturating_sub(path.len()));
    path.push_str(&key[..room]);
    if room < key.len() {
        path.push('…');
    }
}
