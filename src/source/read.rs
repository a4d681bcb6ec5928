//! Reading: bytes, digest, decoded text. The only module that reads what is scanned.

use std::{
    fs::File,
    io::{self, Read as _},
    path::Path,
};

use sha2::{Digest, Sha256};

use super::{Problem, Source, Status};

/// Larger files are refused: no manifest or plan comes near, and a hostile one must not exhaust the memory.
pub const LARGEST_FILE: u64 = 1 << 30;

/// Reads one file; what cannot be read becomes a failed source, never an error.
pub fn file(path: &Path, name: &str) -> Source {
    let bytes = File::open(path).and_then(|file| bytes(file, LARGEST_FILE));
    source(name, bytes)
}

/// Name of standard input.
pub const STDIN: &str = "-";

/// Reads standard input, named `-`.
pub fn stdin() -> Source {
    source(STDIN, bytes(io::stdin().lock(), LARGEST_FILE))
}

/// What a renderer printed.
pub fn made(name: &str, text: &str) -> Source {
    source(name, Ok(text.as_bytes().to_vec()))
}

/// What the walk could not look at.
pub fn unreadable(name: &str, cause: &str) -> Source {
    source(name, Err(io::Error::other(cause.to_owned())))
}

fn bytes(reader: impl io::Read, limit: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    reader.take(limit + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        return Err(io::Error::new(
            io::ErrorKind::FileTooLarge,
            format!("it is larger than {} MiB", limit >> 20),
        ));
    }
    Ok(bytes)
}

fn source(name: &str, bytes: io::Result<Vec<u8>>) -> Source {
    let failed = |message: String| Status::Failed(vec![Problem { place: None, message }]);
    let bytes = match bytes {
        Ok(bytes) => bytes,
        Err(error) => return Source::new(name, "", None, failed(format!("cannot be read: {error}"))),
    };
    let digest = Some(Sha256::digest(&bytes).into());
    match decode(bytes) {
        Ok(text) => Source::new(name, text, digest, Status::Read),
        Err(Undecodable::Binary) => {
            let zip = "this is a binary Terraform plan or another archive; run `terraform show -json PLAN > tfplan.json` and scan that";
            Source::new(name, "", digest, Status::Skipped(zip.to_owned()))
        }
        Err(Undecodable::Encoding(message)) => Source::new(name, "", digest, failed(message)),
    }
}

/// The text of bytes that are no part of the estate (policies), decoded as all files are: UTF-8, or UTF-16 with a byte
/// order mark. The error says why they are no text.
pub fn text(bytes: Vec<u8>) -> Result<String, String> {
    decode(bytes).map_err(|error| match error {
        Undecodable::Binary => "is an archive and no text".to_owned(),
        Undecodable::Encoding(message) => message,
    })
}

enum Undecodable {
    Binary,
    Encoding(String),
}

/// UTF-8, or UTF-16 with a byte order mark, as YAML 1.2.2 section 5.2 has it; the mark is removed.
fn decode(bytes: Vec<u8>) -> Result<String, Undecodable> {
    match *bytes.as_slice() {
        [b'P', b'K', 3, 4, ..] => Err(Undecodable::Binary),
        [0xef, 0xbb, 0xbf, ref rest @ ..] => utf8(rest.to_vec()),
        [0xff, 0xfe, ref rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xfe, 0xff, ref rest @ ..] => utf16(rest, u16::from_be_bytes),
        // YAML tells UTF-16 without a mark by the zero byte beside an ASCII first character.
        [first, 0, ref rest @ ..] if first != 0 && rest.len().is_multiple_of(2) => {
            utf16(&bytes, u16::from_le_bytes)
        }
        [0, second, ref rest @ ..] if second != 0 && rest.len().is_multiple_of(2) => {
            utf16(&bytes, u16::from_be_bytes)
        }
        _ => utf8(bytes),
    }
}

fn utf8(bytes: Vec<u8>) -> Result<String, Undecodable> {
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        Undecodable::Encoding(format!(
            "is not UTF-8 or UTF-16 text: byte {at} is no part of a character; save it as UTF-8"
        ))
    })
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<String, Undecodable> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    let text = char::decode_utf16(pairs.iter().map(|pair| unit(*pair))).collect::<Result<String, _>>();
    match text {
        Ok(text) if rest.is_empty() => Ok(text),
        _ => Err(Undecodable::Encoding("is broken UTF-16 text; save it as UTF-8".to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn byte_order_marks_and_utf16_are_decoded() {
        let utf16: Vec<u8> =
            [0xff, 0xfe].into_iter().chain("ä: 1".encode_utf16().flat_map(u16::to_le_bytes)).collect();
        let unmarked: Vec<u8> = "a: 1".encode_utf16().flat_map(u16::to_be_bytes).collect();
        for (bytes, text) in [(b"\xef\xbb\xbfa: 1".to_vec(), "a: 1"), (utf16, "ä: 1"), (unmarked, "a: 1")] {
            let read = source("a.yaml", Ok(bytes));
            assert_eq!((&*read.text, &read.status), (text, &Status::Read));
        }
    }

    #[test]
    fn what_is_no_text_fails_or_is_skipped_with_a_reason() {
        let Status::Failed(problems) = source("a", Ok(vec![b'a', 0xff, b'b'])).status else {
            panic!("no text")
        };
        assert!(problems[0].message.contains("byte 1"), "{problems:?}");
        assert!(
            matches!(source("plan", Ok(b"PK\x03\x04rest".to_vec())).status, Status::Skipped(reason) if reason.contains("terraform show -json"))
        );
        assert!(matches!(source("a", Ok(vec![0xff, 0xfe, 0x00])).status, Status::Failed(_)));
        assert!(bytes(&b"12345"[..], 4).is_err());
        assert!(bytes(&b"1234"[..], 4).is_ok());
    }
}
