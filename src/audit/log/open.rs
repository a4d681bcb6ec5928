//! Opening: creating a log, or checking that this is the log that it was.

use std::{path::Path, sync::Arc};

use ulid::Ulid;

use super::{Options, Writer};
use crate::audit::{
    chain::Fault,
    error::AuditError,
    event::{Genesis, Predecessor},
    heads::Memory,
    key::is_name,
    layout::{DESCRIPTION, Description, IGNORE, OWN_NAMES, SEGMENTS},
    locate::first_record,
    record::{Record, is_ulid},
    store::{
        Access, Context as _, FileSystem, IoError, Shape, append_all, create_directories, read_small, replace,
    },
    tree::Hash,
    walk::{Position, Violation},
};

const LONGEST_DESCRIPTION: usize = 64 * 1024;

impl Writer {
    pub(in crate::audit) fn open_on(
        system: Arc<dyn FileSystem>,
        directory: &Path,
        options: Options,
    ) -> Result<Self, AuditError> {
        let mut warnings = Vec::new();
        create_directories(&*system, directory)?;
        check_private(&*system, directory)?;
        if let Some(kind) = system.network(directory) {
            if !options.allow_network {
                return Err(AuditError::Network { path: directory.to_owned(), kind });
            }
            warnings.push(format!("the audit log lies on {kind}, where locks may not hold"));
        }
        let memory =
            options.state.as_deref().map(Memory::new).and_then(|memory| match memory.prepare(&*system) {
                Ok(()) => Some(memory),
                Err(error) => {
                    warnings.push(format!("a rolled-back audit log cannot be noticed: {error}"));
                    None
                }
            });
        let run = run_id(&options)?;
        let mut writer = Self {
            system,
            directory: directory.to_owned(),
            description: Description { created: String::new(), origin: String::new(), keys: Vec::new() },
            memory,
            run,
            next_signer: None,
            known: Position::beginning(),
            warnings,
            options,
        };
        writer.description = match read_description(&*writer.system, directory)? {
            Some((description, _)) => description,
            None => writer.create()?,
        };
        writer.check_identity()?;
        writer.catch_up(true)?;
        Ok(writer)
    }

    /// The body of the first record.
    pub(super) fn genesis(&self) -> Result<Genesis, AuditError> {
        let mut nonce = [0; 32];
        getrandom::fill(&mut nonce).map_err(|error| {
            AuditError::Request(format!("the operating system gave no random numbers: {error}"))
        })?;
        let Description { origin, keys, .. } = &self.description;
        Ok(Genesis {
            log_sha256: self.description.digest(),
            nonce: Hash(nonce).hex(),
            origin: origin.clone(),
            predecessor: self.remembered()?.map(|note| Predecessor {
                origin: note.checkpoint.origin,
                root: note.checkpoint.root.base64(),
                size: note.checkpoint.size,
            }),
            vkeys: keys.iter().map(ToString::to_string).collect(),
        })
    }

    /// Writes what lies beside the segments; whoever comes second finds what the first one wrote.
    fn create(&self) -> Result<Description, AuditError> {
        let origin = self
            .options
            .origin
            .clone()
            .or_else(|| Some(self.options.signer.as_ref()?.verifier().name().to_owned()))
            .ok_or_else(|| AuditError::Request("a new audit log needs an origin".to_owned()))?;
        if !is_name(&origin) {
            return Err(AuditError::Origin { name: origin });
        }
        self.check_free()?;
        let _lock = self.lock()?;
        if let Some((description, _)) = read_description(&*self.system, &self.directory)? {
            return Ok(description);
        }
        create_directories(&*self.system, &self.directory.join(SEGMENTS))?;
        self.keep_out_of_version_control()?;
        let keys = self.options.signer.iter().map(|signer| signer.verifier().clone()).collect();
        let description = Description { created: self.time(), origin, keys };
        let path = self.directory.join(DESCRIPTION);
        replace(&*self.system, &path, "log.json.tmp", &description.encode(), true)?;
        Ok(description)
    }

    /// A folder with other things in it is a slip: they would be kept out of version control along with the log.
    fn check_free(&self) -> Result<(), AuditError> {
        let names = self.system.list(&self.directory).on("list", &self.directory)?;
        let is_draft = |name: &str| Path::new(name).extension().is_some_and(|extension| extension == "tmp");
        let is_ours = |name: &String| OWN_NAMES.contains(&name.as_str()) || is_draft(name);
        if names.iter().all(is_ours) {
            Ok(())
        } else {
            Err(AuditError::Occupied { path: self.directory.clone() })
        }
    }

    fn keep_out_of_version_control(&self) -> Result<(), IoError> {
        let path = self.directory.join(IGNORE);
        match self.system.open(&path, Access::Create) {
            Ok(mut file) => append_all(&mut *file, b"*\n").on("write", &path),
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
            Err(error) => Err(error).on("create", &path),
        }
    }

    /// Origin, key and description must be those with which the log began.
    fn check_identity(&self) -> Result<(), AuditError> {
        let Description { origin, keys, .. } = &self.description;
        if let Some(given) = self.options.origin.as_ref().filter(|given| *given != origin) {
            return Err(AuditError::OtherOrigin { log: origin.clone(), given: given.clone() });
        }
        match &self.options.signer {
            Some(signer) if signer.verifier().name() != origin => {
                return Err(AuditError::OtherOrigin {
                    log: origin.clone(),
                    given: signer.verifier().name().to_owned(),
                });
            }
            None if !keys.is_empty() => return Err(AuditError::KeyMissing { origin: origin.clone() }),
            _ => {}
        }
        let Some(line) = first_record(&*self.system, &self.directory)? else { return Ok(()) };
        check_genesis(&line, &self.description).map_err(|fault| {
            let violation = Violation { index: Some(0), file: DESCRIPTION.to_owned(), offset: 0, fault };
            AuditError::Damaged(Box::new(violation))
        })
    }
}

/// The first record must be a genesis that names the description.
pub(in crate::audit) fn check_genesis(line: &[u8], description: &Description) -> Result<(), Fault> {
    #[derive(serde::Deserialize)]
    struct Named {
        log_sha256: String,
        origin: String,
    }
    let named: Option<Named> = Record::parse(line)
        .ok()
        .filter(|record| record.kind == crate::audit::event::Kind::Genesis)
        .and_then(|record| serde_json::from_str(record.body).ok());
    let Some(named) = named else { return Err(Fault::new("the first record is not the genesis of a log")) };
    if named.log_sha256 != description.digest() {
        return Err(Fault::compared(
            "`log.json` is not the one that the first record names",
            named.log_sha256,
            description.digest(),
        ));
    }
    if named.origin != description.origin {
        return Err(Fault::compared(
            "`log.json` and the first record name different origins",
            named.origin,
            description.origin.clone(),
        ));
    }
    Ok(())
}

/// `log.json` and its bytes; `None` if there is none.
pub(in crate::audit) fn read_description(
    system: &dyn FileSystem,
    directory: &Path,
) -> Result<Option<(Description, Vec<u8>)>, AuditError> {
    let Some(bytes) = read_small(system, &directory.join(DESCRIPTION), LONGEST_DESCRIPTION)? else {
        return Ok(None);
    };
    match Description::parse(&bytes) {
        Ok(description) => Ok(Some((description, bytes))),
        Err(what) => {
            let fault = Fault::new(format!("`log.json` cannot be used: {what}"));
            let violation = Violation { index: None, file: DESCRIPTION.to_owned(), offset: 0, fault };
            Err(AuditError::Damaged(Box::new(violation)))
        }
    }
}

/// The folder must be the user's own, and nobody else may write into it.
fn check_private(system: &dyn FileSystem, directory: &Path) -> Result<(), AuditError> {
    let attributes = system.attributes(directory).on("look at", directory)?;
    let what = match attributes {
        found if found.shape != Shape::Directory => "is not a folder",
        found if !found.own => "belongs to another user",
        found if found.writable_by_others => "can be written by others",
        _ => return Ok(()),
    };
    Err(AuditError::Unsafe { path: directory.to_owned(), what })
}

fn run_id(options: &Options) -> Result<String, AuditError> {
    if let Some(run) = &options.run {
        return if is_ulid(run) {
            Ok(run.clone())
        } else {
            Err(AuditError::Request(format!("`{run}` is not a ULID and cannot name a run")))
        };
    }
    let mut random = [0; 16];
    getrandom::fill(&mut random).map_err(|error| {
        AuditError::Request(format!("the operating system gave no random numbers: {error}"))
    })?;
    let milliseconds = u64::try_from((options.clock)().as_millisecond()).unwrap_or_default();
    Ok(Ulid::from_parts(milliseconds, u128::from_be_bytes(random)).to_string())
}
