//! Holds a content against a [`Shape`]. Runs on every message of a trace: it allocates only where something is wrong.

use super::FieldProblem;
use super::fields::Type;
use super::shape::{Need, Part, Resolved, Shape};
use crate::wire::{Json, Member};

/// Longest piece of a value, in characters, that a problem shows.
const SHOWN: usize = 40;

/// All ways in which the content is not as declared, each constraint once.
pub(super) fn check(shape: &Shape, content: &Json, only: Option<&[&str]>) -> Vec<FieldProblem> {
    let mut checker = Checker { only, problems: Vec::new(), containers: Vec::new(), steps: Vec::new() };
    checker.value(&shape.root, content);
    let command = content.get("command").and_then(Json::as_str);
    if let Some(command) = command.and_then(|name| shape.commands.iter().find(|command| command.name == name)) {
        let succeeded = !shape.has_success || content.get("success").and_then(Json::as_bool) == Some(true);
        checker.command_part("arguments", command.arguments.as_ref(), content);
        if succeeded {
            checker.command_part("body", command.body.as_ref(), content);
        }
    }
    checker.problems
}

struct Checker<'a> {
    only: Option<&'a [&'a str]>,
    problems: Vec<FieldProblem>,
    /// The values around the one in hand, the content first: those that conditions look into.
    containers: Vec<&'a Json>,
    /// How to get from each container to the next.
    steps: Vec<Step<'a>>,
}

#[derive(Clone, Copy)]
enum Step<'a> {
    Key(&'a str),
    Index(usize),
}

impl<'a> Checker<'a> {
    /// The fields of a command count their containers from `arguments` or `body` on.
    fn command_part(&mut self, key: &'a str, part: Option<&'a Part>, content: &'a Json) {
        let Some(part) = part else { return };
        self.steps.push(Step::Key(key));
        match content.get(key) {
            Some(value) => self.value(part, value),
            None if part.required == Need::Always => self.missing(part),
            None => (),
        }
        self.steps.pop();
    }

    fn value(&mut self, part: &'a Part, value: &'a Json) {
        if !part.types.iter().any(|wanted| is_of(value, *wanted)) {
            self.problem(part, join(part.types.iter().map(Type::to_string), " or "), Some(value));
            return;
        }
        self.limits(part, value);
        match value {
            Json::Object(members) => self.members(part, value, members),
            Json::Array(items) => self.items(part, value, items),
            _ => (),
        }
    }

    fn limits(&mut self, part: &'a Part, value: &'a Json) {
        let is_limited = matches!(value, Json::String(_) | Json::Number(_));
        if is_limited && !part.allowed.is_empty() && !part.allowed.contains(value) {
            let allowed = join(part.allowed.iter().map(Json::to_string), ", ");
            self.problem(part, format!("one of {allowed}"), Some(value));
        }
        if let (Some(pattern), Some(text)) = (&part.pattern, value.as_str())
            && !pattern.is_match(text)
        {
            self.problem(part, format!("text matching {}", pattern.as_str()), Some(value));
        }
        if let (Some(min), Json::Number(_)) = (part.min, value)
            && is_below(value, min)
        {
            self.problem(part, format!("at least {min}"), Some(value));
        }
        if let (Some(max), Json::Number(_)) = (part.max, value)
            && is_above(value, max)
        {
            self.problem(part, format!("at most {max}"), Some(value));
        }
    }

    fn members(&mut self, part: &'a Part, object: &'a Json, members: &'a [Member]) {
        self.containers.push(object);
        for (key, child) in &part.keys {
            self.steps.push(Step::Key(key));
            match object.get(key) {
                Some(value) => self.value(child, value),
                None if self.is_needed(&child.required) => self.missing(child),
                None => (),
            }
            self.steps.pop();
        }
        if let Some(child) = &part.values {
            let undeclared = |key: &str| !part.keys.iter().any(|(declared, _)| declared == key);
            for (key, value) in members.iter().filter(|(key, _)| undeclared(key)) {
                self.steps.push(Step::Key(key));
                self.value(child, value);
                self.steps.pop();
            }
        }
        self.containers.pop();
    }

    fn items(&mut self, part: &'a Part, array: &'a Json, items: &'a [Json]) {
        let Some(child) = &part.items else { return };
        self.containers.push(array);
        for (index, item) in items.iter().enumerate() {
            self.steps.push(Step::Index(index));
            self.value(child, item);
            self.steps.pop();
        }
        self.containers.pop();
    }

    fn is_needed(&self, need: &Need) -> bool {
        match need {
            Need::Always => true,
            Need::Never => false,
            Need::When(conditions) => conditions.iter().all(|condition| self.holds(condition)),
        }
    }

    fn holds(&self, condition: &Resolved) -> bool {
        let Some(container) = self.containers.get(condition.depth) else {
            return false;
        };
        let value = condition.keys.iter().try_fold(*container, |value, key| value.get(key));
        value.is_some_and(|value| *value == condition.equals)
    }

    fn missing(&mut self, part: &'a Part) {
        self.problem(part, join(part.types.iter().map(Type::to_string), " or "), None);
    }

    fn problem(&mut self, part: &'a Part, wanted: String, found: Option<&Json>) {
        let is_wanted = |only: &&str| is_within(&part.path, only);
        if self.only.is_some_and(|only| !only.iter().any(is_wanted)) {
            return;
        }
        let is_missing = found.is_none();
        let is_same = |known: &FieldProblem| known.path == part.path && known.wanted == wanted && (known.found == "missing") == is_missing;
        if !self.problems.iter().any(is_same) {
            let found = found.map_or_else(|| "missing".to_owned(), show);
            let at = self.place();
            self.problems.push(FieldProblem { path: part.path.clone(), at, wanted, found });
        }
    }

    fn place(&self) -> String {
        let mut place = String::new();
        for step in &self.steps {
            match step {
                Step::Key(key) if place.is_empty() => place.push_str(&cut(key)),
                Step::Key(key) => place.push_str(&format!(".{}", cut(key))),
                Step::Index(index) => place.push_str(&format!("[{index}]")),
            }
        }
        place
    }
}

/// Whether a path is `outer` or inside it.
fn is_within(path: &str, outer: &str) -> bool {
    let Some(rest) = path.strip_prefix(outer) else {
        return false;
    };
    rest.is_empty() || rest.starts_with(['.', '[', '{'])
}

fn is_of(value: &Json, wanted: Type) -> bool {
    match wanted {
        Type::Any => true,
        Type::String => matches!(value, Json::String(_)),
        Type::Bool => matches!(value, Json::Bool(_)),
        Type::Int => value.kind() == "int",
        // NaN and the infinities are no JSON; that they were spelled is another problem of the same text.
        Type::Number => value.as_f64().is_some(),
        Type::Object => matches!(value, Json::Object(_)),
        Type::Array => matches!(value, Json::Array(_)),
        Type::Null => matches!(value, Json::Null),
    }
}

/// Integers compare as integers; what is no integer, or too big for one, as a double, which is near enough out there.
fn is_below(value: &Json, min: i64) -> bool {
    match value.as_i64() {
        Some(number) => number < min,
        None => value.as_f64().is_some_and(|number| number < to_double(min)),
    }
}

fn is_above(value: &Json, max: i64) -> bool {
    match value.as_i64() {
        Some(number) => number > max,
        None => value.as_f64().is_some_and(|number| number > to_double(max)),
    }
}

#[expect(clippy::cast_precision_loss, reason = "limits in spec files are small")]
fn to_double(limit: i64) -> f64 {
    limit as f64
}

fn show(value: &Json) -> String {
    match value {
        Json::Null => "null".to_owned(),
        Json::Bool(value) => format!("bool {value}"),
        Json::Number(spelling) => format!("{} {}", value.kind(), cut(spelling)),
        Json::String(text) => format!("string {}", Json::String(text.shortened(SHOWN).into())),
        Json::Array(_) => "array".to_owned(),
        Json::Object(_) => "object".to_owned(),
    }
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

fn join(parts: impl Iterator<Item = String>, between: &str) -> String {
    parts.collect::<Vec<_>>().join(between)
}
