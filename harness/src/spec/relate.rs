//! What files of one kind say of each other: pairs resolve, ids and names are unique.

use std::collections::BTreeMap;

use super::load::Document;
use super::rule::RuleFile;
use super::{Direction, MessageType, Profile, Role, SpecError};

/// A request and its reply name each other, and go opposite ways.
pub(super) fn pairs(messages: &BTreeMap<String, MessageType>, sources: &[Document], mistakes: &mut Vec<SpecError>) {
    for source in sources {
        let Some(one) = messages.get(&source.name) else {
            continue;
        };
        let Some(other) = one.pair.as_ref().and_then(|pair| messages.get(pair)) else {
            continue;
        };
        if !matches!(one.role, Role::Request | Role::Reply) {
            continue;
        }
        let (name, pair) = (&one.name, &other.name);
        let mut mistake = |message: String| mistakes.push(SpecError::new(&source.file, source.line_of("pair"), message));
        if other.pair.as_ref() != Some(name) {
            mistake(format!("`{name}` names `{pair}` as its pair, which does not name it"));
        }
        if !matches!((one.role, other.role), (Role::Request, Role::Reply) | (Role::Reply, Role::Request)) {
            mistake(format!("a pair is a request and a reply, but `{name}` and `{pair}` are not"));
        }
        let is_crossed = matches!(
            (one.direction, other.direction),
            (Direction::ToKernel, Direction::ToClient) | (Direction::ToClient, Direction::ToKernel) | (Direction::Both, Direction::Both)
        );
        if !is_crossed {
            mistake(format!("`{name}` and `{pair}` must go opposite ways"));
        }
    }
}

/// Ids and names of rules are unique.
pub(super) fn rules(sources: &[RuleFile], mistakes: &mut Vec<SpecError>) {
    let (mut ids, mut names) = (BTreeMap::new(), BTreeMap::new());
    for source in sources {
        if let Some(id) = source.id()
            && let Some(first) = ids.insert(id, &source.file)
        {
            let line = source.table.entry("id").map_or(1, |entry| entry.line);
            mistakes.push(SpecError::new(&source.file, line, format!("the id `{id}` is that of {first}")));
        }
        if let Some(first) = names.insert(&source.name, &source.file) {
            let message = format!("the name `{}` is that of {first}", source.name);
            mistakes.push(SpecError::whole_file(&source.file, message));
        }
    }
}

/// No two profiles claim the same implementation, or the whole of the same language.
pub(super) fn profiles(profiles: &[Profile], sources: &[Document], mistakes: &mut Vec<SpecError>) {
    let mut claims = BTreeMap::new();
    for profile in profiles {
        let Some(source) = sources.iter().find(|source| source.name == profile.name) else {
            continue;
        };
        let claimed = match profile.implementation.as_slice() {
            [] => ("language", &profile.language),
            _ => ("implementation", &profile.implementation),
        };
        for value in claimed.1 {
            if let Some(first) = claims.insert((claimed.0, value.to_lowercase()), &source.file) {
                let message = format!("the {} `{value}` has its profile in {first}", claimed.0);
                mistakes.push(SpecError::new(&source.file, source.line_of("match"), message));
            }
        }
    }
}
