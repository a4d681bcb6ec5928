//! Writing the log: events in, a durable and signed head out.
//!
//! Data before signature: records are durable before a head over them is signed, so that a mismatch under a signed
//! head is never what a crash left behind. No byte is ever overwritten or truncated. No head is signed that
//! contradicts one that is remembered. After any error nothing is acknowledged and no sync is tried again.

mod append;
mod batch;
mod keys;
mod lock;
mod open;
mod recover;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use jiff::Timestamp;
pub use keys::first_keys;
pub(super) use open::{check_genesis, read_description};

use super::{
    error::AuditError,
    event::Event,
    heads::Memory,
    layout::Description,
    note::Note,
    signer::{LONGEST_WAIT, Signer},
    store::{FileSystem, LocalFileSystem},
    tree::Hash,
    walk::Position,
};

/// Longer than another run may hold the lock: its signer may be asked twice.
pub const LOCK_TIMEOUT: Duration = Duration::from_secs(3 * LONGEST_WAIT.as_secs());

/// How to open a log for writing.
pub struct Options {
    /// Name of the log, like a URL without scheme; taken from the key or from the log itself where absent.
    pub origin: Option<String>,
    /// Without one, heads are unsigned.
    pub signer: Option<Signer>,
    /// The time of each commit is asked for when it is made.
    pub clock: Box<dyn Fn() -> Timestamp + Send>,
    /// The user's state folder for this program, for heads that were signed; without one, a log that is rolled back
    /// between two runs is not noticed.
    pub state: Option<PathBuf>,
    /// ULID of the run; made from clock and random numbers where absent.
    pub run: Option<String>,
    pub lock_timeout: Duration,
    /// Start a new log although one of this origin is remembered; the new one names the lost one.
    pub initialise_new: bool,
    /// Write although the folder lies on a network file system.
    pub allow_network: bool,
    /// A segment that has reached this many bytes is not added to.
    pub segment_bytes: u64,
    /// A segment that has reached this many records is not added to.
    pub segment_records: u64,
}

impl Options {
    pub fn new(clock: impl Fn() -> Timestamp + Send + 'static) -> Self {
        Self {
            origin: None,
            signer: None,
            clock: Box::new(clock),
            state: None,
            run: None,
            lock_timeout: LOCK_TIMEOUT,
            initialise_new: false,
            allow_network: false,
            segment_bytes: 64 << 20,
            segment_records: 100_000,
        }
    }
}

/// A log that is open for writing. The lock is held only while something is appended.
pub struct Writer {
    system: Arc<dyn FileSystem>,
    directory: PathBuf,
    options: Options,
    description: Description,
    memory: Option<Memory>,
    run: String,
    /// Signs beside the signer while a key hands over.
    next_signer: Option<Signer>,
    /// The newest head that this writer has seen; it signs nothing that contradicts it.
    known: Position,
    warnings: Vec<String>,
}

/// What a commit made durable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    pub origin: String,
    pub run: String,
    /// Index of the first of the events that were given.
    pub first: u64,
    /// How many events were given.
    pub count: u64,
    /// Size of the log now.
    pub size: u64,
    pub root: Hash,
    pub signed: bool,
    /// The newest head.
    pub note: Note,
    /// The last record and its inclusion proof, from the leaf's sibling up.
    pub last_record: Vec<u8>,
    pub last_proof: Vec<Hash>,
}

impl Writer {
    /// Opens a log of this machine, and creates it if there is none. Nothing is recorded yet.
    pub fn open(directory: &Path, options: Options) -> Result<Self, AuditError> {
        Self::open_on(Arc::new(LocalFileSystem), directory, options)
    }

    /// Appends events as one commit. When this returns, they are durable.
    pub fn append(&mut self, events: &[Event]) -> Result<Receipt, AuditError> {
        let _lock = self.lock()?;
        self.append_locked(events)
    }

    /// Makes sure that something can be added, for whoever has something to add only later: what the next commit goes to
    /// is opened, and made if need be, and the signer has to show that it signs. Nothing is recorded.
    pub fn rehearse(&mut self) -> Result<(), AuditError> {
        let _lock = self.lock()?;
        self.rehearse_locked()
    }

    pub fn origin(&self) -> &str {
        &self.description.origin
    }

    /// Size and root of the newest head that this writer has seen, and whether the next one will be signed.
    pub fn head(&self) -> (u64, Hash, bool) {
        let frontier = &self.known.chain.frontier;
        (frontier.size(), frontier.root(), self.is_signed())
    }

    /// ULID of the run whose events this writer appends.
    pub fn run(&self) -> &str {
        &self.run
    }

    pub const fn is_signed(&self) -> bool {
        self.options.signer.is_some()
    }

    /// What the user should know, though it keeps nothing from being written.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }
}
