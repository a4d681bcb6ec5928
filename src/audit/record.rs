//! A record: the leaf of the tree, one line of canonical JSON without its line feed.
//!
//! `{"body":{…},"i":"41","prev":"<hex>","run":"<ULID>","time":"2026-10-01T12:00:00.123Z","type":"decision","v":"1"}`
//! Readers hash the bytes that they read, never something written anew.

use super::{
    canonical::{self, Cursor, NotCanonical},
    event::Kind,
    tree::Hash,
};

/// Longest record in bytes, so that it fits into an entry of a tiled log with room to spare.
pub const LONGEST: usize = 61_440;

/// How every record line starts; a commit line starts otherwise.
pub const START: &[u8] = br#"{"body":"#;

/// A record as it stands in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record<'a> {
    /// Canonical JSON of what happened.
    pub body: &'a str,
    /// Position in the log, from 0.
    pub index: u64,
    /// Leaf hash of the record before; of the first: the root of the empty tree.
    pub previous: &'a str,
    /// ULID of the run that wrote it.
    pub run: &'a str,
    /// RFC 3339, UTC, milliseconds.
    pub time: &'a str,
    pub kind: Kind,
}

/// Why a line is not a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    #[error("longer than {LONGEST} bytes")]
    TooLong,
    #[error("not UTF-8 at byte {0} of the record")]
    NotText(usize),
    #[error("not canonical at byte {} of the record, where {} belongs", .0.offset, .0.expected)]
    NotCanonical(NotCanonical),
    #[error("`{0}` has a form that no record has")]
    Field(&'static str),
}

impl From<NotCanonical> for Malformed {
    fn from(error: NotCanonical) -> Self {
        Self::NotCanonical(error)
    }
}

impl<'a> Record<'a> {
    /// Reads a record strictly: whatever is accepted has exactly this encoding.
    pub fn parse(line: &'a [u8]) -> Result<Self, Malformed> {
        if line.len() > LONGEST {
            return Err(Malformed::TooLong);
        }
        let text = std::str::from_utf8(line).map_err(|error| Malformed::NotText(error.valid_up_to()))?;
        let mut cursor = Cursor::new(text);
        cursor.literal(r#"{"body":"#)?;
        let body = cursor.object()?;
        cursor.literal(r#","i":"#)?;
        let index = canonical::number(cursor.string()?).ok_or(Malformed::Field("i"))?;
        cursor.literal(r#","prev":"#)?;
        let previous = cursor.string()?;
        cursor.literal(r#","run":"#)?;
        let run = cursor.string()?;
        cursor.literal(r#","time":"#)?;
        let time = cursor.string()?;
        cursor.literal(r#","type":"#)?;
        let kind = Kind::from_name(cursor.string()?).ok_or(Malformed::Field("type"))?;
        cursor.literal(r#","v":"1"}"#)?;
        cursor.end()?;
        Hash::from_hex(previous).ok_or(Malformed::Field("prev"))?;
        if !is_ulid(run) {
            return Err(Malformed::Field("run"));
        }
        if !is_time(time) {
            return Err(Malformed::Field("time"));
        }
        Ok(Self { body, index, previous, run, time, kind })
    }

    /// The bytes of the record, without a line feed.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.encode_into(&mut bytes);
        bytes
    }

    /// Adds the bytes of the record to others.
    pub(super) fn encode_into(&self, bytes: &mut Vec<u8>) {
        let Self { body, index, previous, run, time, kind } = self;
        let index = index.to_string();
        let parts = [
            r#"{"body":"#,
            body,
            r#","i":""#,
            &index,
            r#"","prev":""#,
            previous,
            r#"","run":""#,
            run,
            r#"","time":""#,
            time,
            r#"","type":""#,
            kind.name(),
            r#"","v":"1"}"#,
        ];
        parts.iter().for_each(|part| bytes.extend_from_slice(part.as_bytes()));
    }
}

/// Whether a text is a ULID in its canonical form.
pub fn is_ulid(text: &str) -> bool {
    text.len() == 26
        && text.starts_with(|first| matches!(first, '0'..='7'))
        && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'A'..=b'H' | b'J' | b'K' | b'M' | b'N' | b'P'..=b'T' | b'V'..=b'Z'))
}

/// Whether a text has the form of a record's time; calendar and clock are checked as far as their fields' ranges.
pub(super) fn is_time(text: &str) -> bool {
    let pattern = b"0000-00-00T00:00:00.000Z";
    let digits =
        |range: std::ops::Range<usize>| text.get(range).and_then(|digits| digits.parse::<u32>().ok());
    text.len() == pattern.len()
        && text.bytes().zip(pattern).all(|(byte, form)| match form {
            b'0' => byte.is_ascii_digit(),
            form => byte == *form,
        })
        && digits(5..7).is_some_and(|month| (1..=12).contains(&month))
        && digits(8..10).is_some_and(|day| (1..=31).contains(&day))
        && digits(11..13).is_some_and(|hour| hour < 24)
        && digits(14..16).is_some_and(|minute| minute < 60)
        && digits(17..19).is_some_and(|second| second < 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Record<'static> {
        Record {
            body: r#"{"resource":"Deployment/shop/cart","rule":"mtls/plaintext-accepted"}"#,
            index: 41,
            previous: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            run: "01K6E3M7Q8ZV5T2N4R9WXYABCD",
            time: "2026-10-01T12:00:00.123Z",
            kind: Kind::Decision,
        }
    }

    #[test]
    fn what_is_written_is_read_again() {
        let line = sample().encode();
        assert_eq!(Record::parse(&line), Ok(sample()));
        assert!(line.starts_with(START));
    }

    #[test]
    fn every_deviation_is_refused() {
        let text = String::from_utf8(sample().encode()).unwrap();
        let table = [
            (r#""i":"41""#, r#""i":"041""#, "leading zero"),
            (r#""i":"41""#, r#""i":41"#, "a JSON number"),
            (r#""i":"41""#, r#""i":"18446744073709551616""#, "2^64"),
            (r#""i":"41""#, r#""i":"41","j":"x""#, "an unknown key"),
            (r#""i":"41","#, "", "a missing key"),
            (r#""v":"1""#, r#""v":"2""#, "another version"),
            ("6e340b", "6E340b", "upper-case hexadecimal"),
            ("01K6E3", "81K6E3", "a ULID beyond 128 bits"),
            ("01K6E3", "01k6e3", "a lower-case ULID"),
            ("12:00:00.123Z", "12:00:00.123+", "a zone"),
            ("12:00:00.123Z", "12:00:60.123Z", "a leap second"),
            ("2026-10", "2026-13", "a thirteenth month"),
            (r#""decision""#, r#""decisions""#, "an unknown type"),
            ("rule", "aule", "unsorted keys in the body"),
            ("shop", "sh\\u00f6p", "an escape that is not canonical"),
            ("shop", "sh\u{0}p", "a raw control character"),
            (r#"{"body":{"#, r#"{ "body":{"#, "white space"),
            (r#""v":"1"}"#, "\"v\":\"1\"}\r", "a carriage return"),
        ];
        for (from, to, case) in table {
            assert!(text.contains(from), "{case}: the table is stale");
            assert!(Record::parse(text.replacen(from, to, 1).as_bytes()).is_err(), "{case}");
        }
        assert!(Record::parse(format!("\u{feff}{text}").as_bytes()).is_err(), "a byte order mark");
        assert_eq!(Record::parse(b"{\"body\":{\"a\":\"\xff\"}"), Err(Malformed::NotText(14)));
    }

    #[test]
    fn the_length_is_limited() {
        let body = |length: usize| format!(r#"{{"resource":"{}"}}"#, "x".repeat(length));
        let overhead = Record { body: &body(0), ..sample() }.encode().len();
        let longest = Record { body: &body(LONGEST - overhead), ..sample() }.encode();
        assert_eq!(longest.len(), LONGEST);
        assert!(Record::parse(&longest).is_ok());
        let longer = Record { body: &body(LONGEST - overhead + 1), ..sample() }.encode();
        assert_eq!(Record::parse(&longer), Err(Malformed::TooLong));
    }
}
