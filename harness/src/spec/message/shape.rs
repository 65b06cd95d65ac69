//! The fields of a content as a tree, ready to be held against one.

use super::Command;
use super::fields::{Field, Pattern, Required, Type};
use crate::spec::{FieldPath, Segment};
use crate::wire::Json;

/// The compiled shape of a content.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Shape {
    pub(super) root: Part,
    pub(super) commands: Vec<CommandShape>,
    /// Whether a field `success` decides over the body.
    pub(super) has_success: bool,
}

/// What one command adds.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct CommandShape {
    pub(super) name: String,
    pub(super) arguments: Option<Part>,
    pub(super) body: Option<Part>,
}

/// One field, and what is declared inside it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Part {
    /// The declared path; empty for the content itself.
    pub(super) path: String,
    pub(super) types: Vec<Type>,
    pub(super) required: Need,
    pub(super) allowed: Vec<Json>,
    pub(super) pattern: Option<Pattern>,
    pub(super) min: Option<i64>,
    pub(super) max: Option<i64>,
    pub(super) keys: Vec<(String, Part)>,
    pub(super) items: Option<Box<Part>>,
    pub(super) values: Option<Box<Part>>,
}

/// [`Required`], with its conditions resolved.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Need {
    Always,
    Never,
    When(Vec<Resolved>),
}

/// A condition: from the container at `depth` (0 is the content), by `keys`, to a value that equals.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Resolved {
    pub(super) depth: usize,
    pub(super) keys: Vec<String>,
    pub(super) equals: Json,
}

impl Shape {
    pub(super) fn new(fields: &[Field], commands: &[Command]) -> Self {
        let command_shape = |command: &Command| CommandShape {
            name: command.name.clone(),
            arguments: command_part("arguments", &command.arguments),
            body: command_part("body", &command.body),
        };
        let mut root = Part::container("");
        fields.iter().for_each(|field| root.add("", field));
        Self {
            root,
            commands: commands.iter().map(command_shape).collect(),
            has_success: fields.iter().any(|field| field.path.to_string() == "success"),
        }
    }
}

fn command_part(name: &str, fields: &[Field]) -> Option<Part> {
    let mut part = Part::container(name);
    part.required = if fields.iter().any(is_always_inside) { Need::Always } else { Need::Never };
    fields.iter().for_each(|field| part.add(&format!("{name}."), field));
    (!fields.is_empty()).then_some(part)
}

fn is_always_inside(field: &Field) -> bool {
    field.required == Required::Always && field.path.segments().len() == 1
}

impl Part {
    fn container(path: &str) -> Self {
        Self {
            path: path.to_owned(),
            types: vec![Type::Object],
            required: Need::Always,
            allowed: Vec::new(),
            pattern: None,
            min: None,
            max: None,
            keys: Vec::new(),
            items: None,
            values: None,
        }
    }

    fn of(prefix: &str, field: &Field) -> Self {
        Self {
            types: field.types.clone(),
            required: Need::of(field),
            allowed: field.allowed.iter().cloned().map(Json::from).collect(),
            pattern: field.pattern.clone(),
            min: field.min,
            max: field.max,
            ..Self::container(&format!("{prefix}{}", field.path))
        }
    }

    /// Hangs a field into the tree. A loaded spec declares parents; a file that forgot one is refused elsewhere.
    fn add(&mut self, prefix: &str, field: &Field) {
        let segments = field.path.segments();
        let outer = &segments[..segments.len() - 1];
        let Some(parent) = outer.iter().try_fold(self, |part, segment| part.child_mut(segment)) else {
            return;
        };
        let child = Self::of(prefix, field);
        match field.path.last() {
            Segment::Key(key) => parent.keys.push((key.clone(), child)),
            Segment::Items => parent.items = Some(Box::new(child)),
            Segment::Values => parent.values = Some(Box::new(child)),
        }
    }

    fn child_mut(&mut self, segment: &Segment) -> Option<&mut Self> {
        match segment {
            Segment::Key(key) => self.keys.iter_mut().find(|(name, _)| name == key).map(|(_, part)| part),
            Segment::Items => self.items.as_deref_mut(),
            Segment::Values => self.values.as_deref_mut(),
        }
    }
}

impl Need {
    fn of(field: &Field) -> Self {
        match &field.required {
            Required::Always => Self::Always,
            Required::Never => Self::Never,
            Required::When(conditions) => {
                let resolve = |condition: &super::Condition| Resolved::new(&field.path, &condition.path, &condition.equals);
                Self::When(conditions.iter().map(resolve).collect())
            }
        }
    }
}

impl Resolved {
    fn new(field: &FieldPath, other: &FieldPath, equals: &serde_json::Value) -> Self {
        let parent = &field.segments()[..field.segments().len() - 1];
        let shared = parent.iter().zip(other.segments()).take_while(|(left, right)| left == right).count();
        let keys = other.segments()[shared..].iter().filter_map(|segment| match segment {
            Segment::Key(key) => Some(key.clone()),
            Segment::Items | Segment::Values => None,
        });
        Self { depth: shared, keys: keys.collect(), equals: equals.clone().into() }
    }
}
