//! One line of a trace: `{"t": NANOSECONDS, "KIND": {…}}`, with `t` counted from the start of the trace.

use serde::de::{Error, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Event;

/// One line of a trace.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// Nanoseconds since the trace began.
    pub t: u64,
    /// What happened.
    pub event: Event,
}

impl Serialize for Record {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("t", &self.t)?;
        self.event.serialize_into(&mut map)?;
        map.end()
    }
}

impl<'de> Deserialize<'de> for Record {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(RecordVisitor)
    }
}

struct RecordVisitor;

impl<'de> Visitor<'de> for RecordVisitor {
    type Value = Record;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a trace line: {\"t\": nanoseconds, \"kind\": {…}}")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Record, A::Error> {
        let (mut t, mut event) = (None, None);
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "t" => t = Some(map.next_value()?),
                kind => event = Some(Event::read(kind, &mut map)?),
            }
        }
        Ok(Record {
            t: t.ok_or_else(|| A::Error::missing_field("t"))?,
            event: event.ok_or_else(|| A::Error::custom("no event on this line"))?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::{Expectation, Settled, Why};

    #[test]
    fn a_record_is_one_readable_line() {
        let record = Record {
            t: 17,
            event: Event::Settled(Settled {
                client: "a".into(),
                id: "m1".into(),
                missing: vec![Expectation::Idle],
                why: Why::Deadline,
                waited: 5,
            }),
        };
        let line = serde_json::to_string(&record).expect("records serialize");
        assert_eq!(line, r#"{"t":17,"settled":{"client":"a","id":"m1","missing":["idle"],"why":"deadline","waited":5}}"#);
        assert_eq!(serde_json::from_str::<Record>(&line).expect("and come back"), record);
    }

    #[test]
    fn an_unknown_kind_is_named() {
        let error = serde_json::from_str::<Record>(r#"{"t":1,"setled":{}}"#).expect_err("no such kind").to_string();
        assert!(error.starts_with("unknown event `setled` (did you mean `settled`?)"), "{error}");
    }
}
