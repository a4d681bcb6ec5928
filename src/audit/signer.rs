//! Who signs heads: a key in memory, or a command that has the key.

use std::{
    io::{Read as _, Write as _},
    process::{Child, Command, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use super::{
    key::{PrivateKey, VerifierKey},
    keyfile::{SHARD_VARIABLE, VARIABLE},
    note::Note,
};

const SIGNATURE: usize = 64;
/// How long a command may take to sign.
pub const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// Signs heads of the log.
#[derive(Debug)]
pub enum Signer {
    Key(PrivateKey),
    Command(CommandSigner),
}

/// A command that reads the three lines of a checkpoint from standard input and writes the 64 bytes of their Ed25519
/// signature to standard output. It is started without a shell.
#[derive(Debug)]
pub struct CommandSigner {
    program: String,
    arguments: Vec<String>,
    verifier: VerifierKey,
    wait: Duration,
}

/// Why a head was not signed; never holds what a command wrote.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignError {
    #[error("a signer command needs a program: write `exec:PROGRAM [ARGUMENT]...`")]
    NoProgram,
    #[error("the signer `{program}` cannot be run: {reason}")]
    Failed { program: String, reason: String },
    #[error("the signer `{program}` wrote {count} bytes, not the {SIGNATURE} of an Ed25519 signature")]
    Length { program: String, count: usize },
    #[error("the signer `{program}` did not answer within {seconds} s and was stopped")]
    Late { program: String, seconds: u64 },
    #[error("the signature does not belong to the key `{0}`: nothing was committed")]
    Wrong(String),
}

impl Signer {
    /// A command line, split at white space, whose key has this public half.
    pub fn command(line: &str, verifier: VerifierKey) -> Result<Self, SignError> {
        let mut words = line.split_whitespace().map(str::to_owned);
        let program = words.next().ok_or(SignError::NoProgram)?;
        Ok(Self::Command(CommandSigner { program, arguments: words.collect(), verifier, wait: LONGEST_WAIT }))
    }

    pub const fn verifier(&self) -> &VerifierKey {
        match self {
            Self::Key(key) => key.verifier(),
            Self::Command(command) => &command.verifier,
        }
    }

    /// Adds a signature to a note and checks it before anybody relies on it.
    pub fn sign(&self, note: &mut Note) -> Result<(), SignError> {
        let text = note.checkpoint.text();
        let signature = match self {
            Self::Key(key) => key.sign(text.as_bytes()),
            Self::Command(command) => command.sign(text.into_bytes())?,
        };
        let verifier = self.verifier();
        if !verifier.verifies(note.checkpoint.text().as_bytes(), &signature) {
            return Err(SignError::Wrong(verifier.name().to_owned()));
        }
        note.add_signature(verifier, &signature);
        Ok(())
    }
}

impl CommandSigner {
    /// Stops waiting earlier than after 30 s.
    #[must_use]
    pub const fn with_wait(mut self, wait: Duration) -> Self {
        self.wait = wait;
        self
    }

    fn sign(&self, text: Vec<u8>) -> Result<[u8; SIGNATURE], SignError> {
        let failed = |reason: String| SignError::Failed { program: self.program.clone(), reason };
        let mut child = Command::new(&self.program)
            .args(&self.arguments)
            .env_remove(VARIABLE)
            .env_remove(SHARD_VARIABLE)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| failed(error.to_string()))?;
        let answer = self.answer(&mut child, text);
        if answer.is_err() {
            // It may be gone already.
            let _ = child.kill();
        }
        let status = child.wait().map_err(|error| failed(error.to_string()))?;
        let answer = answer?;
        if !status.success() {
            return Err(failed(status.to_string()));
        }
        let count = answer.len();
        answer.try_into().map_err(|_| SignError::Length { program: self.program.clone(), count })
    }

    /// What the command writes until it ends, at most one byte more than a signature has.
    fn answer(&self, child: &mut Child, text: Vec<u8>) -> Result<Vec<u8>, SignError> {
        let late = || SignError::Late { program: self.program.clone(), seconds: self.wait.as_secs() };
        let start = Instant::now();
        let (sender, receiver) = mpsc::channel();
        let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
        thread::spawn(move || {
            // A command that does not read its input may still answer.
            if let Some(mut stdin) = stdin {
                let _ = stdin.write_all(&text);
            }
            let mut answer = Vec::new();
            let read = stdout.map(|stdout| stdout.take(SIGNATURE as u64 + 1).read_to_end(&mut answer));
            // Nobody listens any more if it was too late.
            let _ = sender.send(read.transpose().map(|_| answer));
        });
        let answer = receiver.recv_timeout(self.wait).map_err(|_| late())?;
        let answer = answer.map_err(|error| SignError::Failed {
            program: self.program.clone(),
            reason: error.to_string(),
        })?;
        // It may have died of the pipe that nobody reads any more: what it wrote too much is the reason.
        if answer.len() > SIGNATURE {
            return Err(SignError::Length { program: self.program.clone(), count: answer.len() });
        }
        while matches!(child.try_wait(), Ok(None)) {
            if start.elapsed() >= self.wait {
                return Err(late());
            }
            thread::sleep(Duration::from_millis(1));
        }
        Ok(answer)
    }
}
