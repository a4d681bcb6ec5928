//! Checkpoints as signed notes (C2SP signed-note and tlog-checkpoint).
//!
//! Without a key the three lines stand alone, and every tool says UNSIGNED. No extension lines are written, and no time:
//! a wrong clock cannot keep a head from being signed.

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{canonical, key::VerifierKey, tree::Hash};

/// Longest note in bytes: room for more than sixteen signatures, post-quantum ones among them.
pub const LONGEST: usize = 128 * 1024;
const MOST_SIGNATURES: usize = 64;

/// Origin, size and root: what a head of the log claims.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    pub origin: String,
    pub size: u64,
    pub root: Hash,
}

impl Checkpoint {
    /// The three lines that are signed.
    pub fn text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, self.root.base64())
    }

    /// Reads exactly three lines: extension lines cannot be audited and are refused.
    pub fn parse(text: &str) -> Result<Self, NoteError> {
        let mut lines = text.split('\n');
        let (Some(origin), Some(size), Some(root), Some(""), None) =
            (lines.next(), lines.next(), lines.next(), lines.next(), lines.next())
        else {
            return Err(NoteError::Lines);
        };
        if origin.is_empty() {
            return Err(NoteError::Lines);
        }
        Ok(Self {
            origin: origin.to_owned(),
            size: canonical::number(size).ok_or(NoteError::Size)?,
            root: Hash::from_base64(root).ok_or(NoteError::Root)?,
        })
    }
}

/// Why a text is no checkpoint, or not one that can be believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    #[error("longer than {LONGEST} bytes, or with more than {MOST_SIGNATURES} signatures")]
    TooLong,
    #[error("holds control characters")]
    Control,
    #[error("not the three lines origin, size and root")]
    Lines,
    #[error("the size is not a decimal number")]
    Size,
    #[error("the root is not the base64 of a SHA-256 value")]
    Root,
    #[error("a signature line is not of the form `— name base64`")]
    SignatureForm,
    #[error("the signature by `{0}` does not belong to the text")]
    BadSignature(String),
}

/// A checkpoint with its signatures, none of them checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    pub checkpoint: Checkpoint,
    signatures: Vec<SignatureLine>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct SignatureLine {
    name: String,
    id: [u8; 4],
    signature: Vec<u8>,
}

impl Note {
    /// A checkpoint without signatures.
    pub const fn unsigned(checkpoint: Checkpoint) -> Self {
        Self { checkpoint, signatures: Vec::new() }
    }

    pub fn parse(text: &str) -> Result<Self, NoteError> {
        if text.len() > LONGEST {
            return Err(NoteError::TooLong);
        }
        if text.chars().any(|character| character < ' ' && character != '\n') {
            return Err(NoteError::Control);
        }
        let Some(blank) = text.rfind("\n\n") else {
            return Ok(Self::unsigned(Checkpoint::parse(text)?));
        };
        let (checkpoint, lines) = text.split_at(blank + 1);
        let lines = lines.strip_prefix('\n').unwrap_or(lines);
        let lines = lines.strip_suffix('\n').ok_or(NoteError::SignatureForm)?;
        let signatures = lines
            .split('\n')
            .map(SignatureLine::parse)
            .collect::<Option<Vec<_>>>()
            .ok_or(NoteError::SignatureForm)?;
        if signatures.len() > MOST_SIGNATURES {
            return Err(NoteError::TooLong);
        }
        Ok(Self { checkpoint: Checkpoint::parse(checkpoint)?, signatures })
    }

    /// The text that [`Note::parse`] reads.
    pub fn encode(&self) -> String {
        let mut text = self.checkpoint.text();
        if !self.signatures.is_empty() {
            text.push('\n');
        }
        for SignatureLine { name, id, signature } in &self.signatures {
            let bytes = [&id[..], signature].concat();
            text.extend(["— ", name, " ", &STANDARD.encode(bytes), "\n"]);
        }
        text
    }

    pub fn is_signed(&self) -> bool {
        !self.signatures.is_empty()
    }

    /// Whether the last signature in the name of the log is by this key: while a key hands over, both sign, the new one
    /// last.
    pub fn is_in_force(&self, key: &VerifierKey) -> bool {
        let own = self.signatures.iter().rfind(|line| line.name == self.checkpoint.origin);
        own.is_some_and(|line| line.name == key.name() && line.id == key.id())
    }

    /// Adds a signature of [`Checkpoint::text`] by a key.
    pub fn add_signature(&mut self, key: &VerifierKey, signature: &[u8]) {
        self.signatures.push(SignatureLine {
            name: key.name().to_owned(),
            id: key.id(),
            signature: signature.to_vec(),
        });
    }

    /// The keys whose signatures it holds. Signatures of other keys are ignored; a wrong one of these is an error.
    pub fn verify<'k>(
        &self,
        keys: impl IntoIterator<Item = &'k VerifierKey>,
    ) -> Result<Vec<&'k VerifierKey>, NoteError> {
        let text = self.checkpoint.text();
        let mut valid = Vec::new();
        for key in keys {
            for line in self.signatures.iter().filter(|line| line.name == key.name() && line.id == key.id()) {
                if !key.verifies(text.as_bytes(), &line.signature) {
                    return Err(NoteError::BadSignature(line.name.clone()));
                }
                if !valid.contains(&key) {
                    valid.push(key);
                }
            }
        }
        Ok(valid)
    }
}

impl SignatureLine {
    fn parse(line: &str) -> Option<Self> {
        let (name, encoded) = line.strip_prefix("— ")?.split_once(' ')?;
        let bytes = STANDARD.decode(encoded).ok()?;
        let (id, signature) = bytes.split_first_chunk::<4>()?;
        (super::key::is_name(name) && !signature.is_empty()).then(|| Self {
            name: name.to_owned(),
            id: *id,
            signature: signature.to_vec(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::key::PrivateKey;

    fn checkpoint() -> Checkpoint {
        Checkpoint { origin: "audit.example.com/shop".to_owned(), size: 41, root: Hash::plain(b"root") }
    }

    fn signed_by(keys: &[&PrivateKey]) -> Note {
        let mut note = Note::unsigned(checkpoint());
        for key in keys {
            let signature = key.sign(note.checkpoint.text().as_bytes());
            note.add_signature(key.verifier(), &signature);
        }
        note
    }

    fn key(seed: u8) -> PrivateKey {
        PrivateKey::from_seed("audit.example.com/shop", &[seed; 32]).unwrap()
    }

    #[test]
    fn notes_are_read_as_written() {
        for note in [signed_by(&[]), signed_by(&[&key(1)]), signed_by(&[&key(1), &key(2)])] {
            assert_eq!(Note::parse(&note.encode()), Ok(note));
        }
    }

    #[test]
    fn only_known_keys_count() {
        let (one, two, three) = (key(1), key(2), key(3));
        let note = signed_by(&[&one, &two]);
        assert_eq!(note.verify([two.verifier(), three.verifier()]), Ok(vec![two.verifier()]));
        assert_eq!(note.verify([three.verifier()]), Ok(Vec::new()));
    }

    #[test]
    fn a_wrong_signature_of_a_known_key_is_an_error() {
        let key = key(1);
        let mut note = signed_by(&[]);
        note.add_signature(key.verifier(), &key.sign(b"another text"));
        assert!(matches!(note.verify([key.verifier()]), Err(NoteError::BadSignature(_))));
    }

    #[test]
    fn many_and_large_signatures_are_read() {
        let mut note = signed_by(&[&key(1)]);
        for number in 0..17 {
            let witness = PrivateKey::from_seed(&format!("witness{number}.example"), &[9; 32]).unwrap();
            note.add_signature(witness.verifier(), &[7; 4627]);
        }
        assert_eq!(Note::parse(&note.encode()), Ok(note));
    }

    #[test]
    fn other_texts_are_refused() {
        let text = signed_by(&[&key(1)]).encode();
        let table = [
            ("a carriage return", text.replacen('\n', "\r\n", 1), NoteError::Control),
            ("an extension line", text.replacen("\n\n", "\nextension\n\n", 1), NoteError::Lines),
            ("an empty origin", text.replacen("audit.example.com/shop", "", 1), NoteError::Lines),
            ("a leading zero", text.replacen("\n41", "\n041", 1), NoteError::Size),
            ("a size beyond 64 bits", text.replacen("\n41", "\n18446744073709551616", 1), NoteError::Size),
            ("a short root", text.replacen("=\n\n", "\n\n", 1), NoteError::Root),
            ("a hyphen for the dash", text.replacen('—', "-", 1), NoteError::SignatureForm),
            ("a missing line feed", text.trim_end().to_owned(), NoteError::SignatureForm),
            (
                "a signature without bytes",
                text.split_inclusive('—').next().unwrap().to_owned() + " a AAAAAA==\n",
                NoteError::SignatureForm,
            ),
            ("nothing", String::new(), NoteError::Lines),
        ];
        for (case, text, error) in table {
            assert_eq!(Note::parse(&text), Err(error), "{case}");
        }
        assert_eq!(Note::parse(&"x".repeat(LONGEST + 1)), Err(NoteError::TooLong));
    }
}
