//! Dates of headers: strict ISO 8601 in its extended form, as in `2026-01-01T00:00:00.123456Z`.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;

/// What a date says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DateParts {
    /// Nanoseconds since 1970-01-01T00:00:00Z; a date without a zone is taken for UTC.
    pub unix_nanos: i128,
    /// Whether it names its zone, as it must from protocol 5.1 on.
    pub has_zone: bool,
}

/// Why a text is no date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DateError {
    /// The text is not laid out as a date.
    #[error("not laid out as YYYY-MM-DDThh:mm:ss[.fraction][Z or +hh:mm], from byte {offset} on")]
    Layout {
        /// The first byte that does not fit.
        offset: usize,
    },
    /// It is, but there is no such day, time or offset.
    #[error("no such day, time or offset")]
    Range,
}

/// Reads a date. The zone may be `Z`, `+hh:mm`, `+hhmm`, `+hh` or absent; digits of the fraction beyond the ninth are dropped.
///
/// # Errors
///
/// If the layout is not that of ISO 8601's extended form, or there is no such day or time.
pub fn parse_date(text: &str) -> Result<DateParts, DateError> {
    let mut reader = Reader { bytes: text.as_bytes(), at: 0 };
    let year = reader.digits(4)?;
    reader.expect(b'-')?;
    let month = reader.digits(2)?;
    reader.expect(b'-')?;
    let day = reader.digits(2)?;
    reader.expect(b'T')?;
    let hour = reader.digits(2)?;
    reader.expect(b':')?;
    let minute = reader.digits(2)?;
    reader.expect(b':')?;
    let second = reader.digits(2)?;
    let nanosecond = reader.fraction()?;
    let offset = reader.zone()?;
    if reader.at < text.len() {
        return Err(reader.layout());
    }
    let local = civil(year, [month, day, hour, minute, second], nanosecond).ok_or(DateError::Range)?;
    let as_utc = TimeZone::UTC.to_timestamp(local).map_err(|_| DateError::Range)?.as_nanosecond();
    let unix_nanos = as_utc - i128::from(offset.unwrap_or(0)) * 60_000_000_000;
    Ok(DateParts { unix_nanos, has_zone: offset.is_some() })
}

/// The day and time, if there is such a one. `fields` are month, day, hour, minute and second.
fn civil(year: i32, fields: [i32; 5], nanosecond: i32) -> Option<DateTime> {
    let [month, day, hour, minute, second] = fields.map(|field| i8::try_from(field).ok());
    let date = Date::new(i16::try_from(year).ok()?, month?, day?).ok()?;
    let time = Time::new(hour?, minute?, second?, nanosecond).ok()?;
    Some(date.to_datetime(time))
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn digits(&mut self, count: usize) -> Result<i32, DateError> {
        let mut number = 0;
        for _ in 0..count {
            let digit = self.peek().filter(u8::is_ascii_digit).ok_or(self.layout())?;
            number = number * 10 + i32::from(digit - b'0');
            self.at += 1;
        }
        Ok(number)
    }

    fn expect(&mut self, byte: u8) -> Result<(), DateError> {
        if self.take(byte) { Ok(()) } else { Err(self.layout()) }
    }

    fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    /// The fraction of a second in nanoseconds; ISO 8601 allows the comma as well.
    fn fraction(&mut self) -> Result<i32, DateError> {
        if !self.take(b'.') && !self.take(b',') {
            return Ok(0);
        }
        let mut nanos = self.digits(1)? * 100_000_000;
        let mut unit = 10_000_000;
        while let Some(digit) = self.peek().filter(u8::is_ascii_digit) {
            nanos += i32::from(digit - b'0') * unit;
            unit /= 10;
            self.at += 1;
        }
        Ok(nanos)
    }

    /// The offset from UTC in minutes; `None` without a zone.
    fn zone(&mut self) -> Result<Option<i32>, DateError> {
        if self.take(b'Z') {
            return Ok(Some(0));
        }
        let sign = match self.peek() {
            Some(b'+') => 1,
            Some(b'-') => -1,
            _ => return Ok(None),
        };
        self.at += 1;
        let hours = self.digits(2)?;
        let has_minutes = self.take(b':') || self.peek().is_some();
        let minutes = if has_minutes { self.digits(2)? } else { 0 };
        if hours > 23 || minutes > 59 {
            return Err(DateError::Range);
        }
        Ok(Some(sign * (hours * 60 + minutes)))
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn layout(&self) -> DateError {
        DateError::Layout { offset: self.at }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-01-01T00:00:00Z.
    const NEW_YEAR: i128 = 1_767_225_600_000_000_000;

    #[test]
    fn dates_are_read_with_and_without_a_zone() {
        let hour = 3_600_000_000_000;
        let dates = [
            ("2026-01-01T00:00:00Z", NEW_YEAR, true),
            ("2026-01-01T00:00:00.123456Z", NEW_YEAR + 123_456_000, true),
            ("2026-01-01T00:00:00,5+00:00", NEW_YEAR + 500_000_000, true),
            ("2026-01-01T00:00:00.0000000019+0000", NEW_YEAR + 1, true),
            ("2026-01-01T00:00:00+02", NEW_YEAR - 2 * hour, true),
            ("2025-12-31T18:30:00-05:30", NEW_YEAR, true),
            ("2026-01-01T00:00:00.25", NEW_YEAR + 250_000_000, false),
            ("1969-12-31T23:59:59Z", -1_000_000_000, true),
        ];
        for (text, unix_nanos, has_zone) in dates {
            assert_eq!(parse_date(text), Ok(DateParts { unix_nanos, has_zone }), "{text}");
        }
    }

    #[test]
    fn what_is_no_date_is_told_with_its_place() {
        let layouts = [
            ("", 0),
            ("yesterday", 0),
            ("20260101T000000Z", 4),
            ("2026-1-01T00:00:00Z", 6),
            ("2026-01-01 00:00:00Z", 10),
            ("2026-01-01t00:00:00Z", 10),
            ("2026-01-01T00:00Z", 16),
            ("2026-01-01T00:00:00.Z", 20),
            ("2026-01-01T00:00:00z", 19),
            ("2026-01-01T00:00:00Z ", 20),
            ("2026-01-01T00:00:00+1:00", 21),
            ("2026-01-01T00:00:00+01:", 23),
            ("2026-01-01T00:00:00é", 19),
        ];
        for (text, offset) in layouts {
            assert_eq!(parse_date(text), Err(DateError::Layout { offset }), "{text}");
        }
        for text in ["2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:00:00+24:00"] {
            assert_eq!(parse_date(text), Err(DateError::Range), "{text}");
        }
    }
}
