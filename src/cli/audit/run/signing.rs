//! Who signs the log: a key in a file or in the environment, or a command that has one.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::audit::{
    AuditError,
    key::{PrivateKey, VerifierKey},
    keyfile::{VARIABLE, forbid_core_dumps, read_private},
    log::first_keys,
    signer::Signer,
};

/// Arguments that say who signs.
#[derive(Debug, Args)]
#[expect(clippy::struct_field_names, reason = "they are the names of the options")]
pub(in crate::cli::audit) struct Signing {
    /// File with the private key that signs the log [env: `PROBITY_AUDIT_KEY`, the key itself].
    #[arg(long, value_name = "FILE", conflicts_with = "audit_signer")]
    audit_key: Option<PathBuf>,
    /// Command that signs the log: it reads a checkpoint and writes the 64 bytes of an Ed25519 signature.
    #[arg(long, value_name = "exec:CMD")]
    audit_signer: Option<String>,
    /// Verifier key of `--audit-signer`; a log that has one key from its beginning on names it itself.
    #[arg(long, value_name = "KEY", requires = "audit_signer")]
    audit_vkey: Option<String>,
}

impl Signing {
    /// The signer of a log in a folder; `None`: it is unsigned.
    pub(in crate::cli::audit) fn signer(&self, directory: &Path) -> Result<Option<Signer>, AuditError> {
        let Some(command) = &self.audit_signer else { return Ok(self.key()?.map(Signer::Key)) };
        let Some(line) = command.strip_prefix("exec:") else {
            return Err(AuditError::Request(
                "`--audit-signer`: write `exec:PROGRAM [ARGUMENT]...`".to_owned(),
            ));
        };
        let verifier = match &self.audit_vkey {
            Some(key) => VerifierKey::parse(key)?,
            None => first_keys(directory)?.into_iter().next().ok_or_else(|| {
                AuditError::Request(
                    "a log that does not exist yet, or began unsigned, needs `--audit-vkey` with `--audit-signer`"
                        .to_owned(),
                )
            })?,
        };
        Ok(Some(Signer::command(line, verifier).map_err(|error| AuditError::Request(error.to_string()))?))
    }

    #[expect(clippy::disallowed_methods, reason = "the edge that reads the key")]
    fn key(&self) -> Result<Option<PrivateKey>, AuditError> {
        if let Some(path) = &self.audit_key {
            forbid_core_dumps();
            let key = read_private(path).map_err(|error| match error {
                AuditError::Io(error) => AuditError::Request(format!("`--audit-key`: {error}")),
                other => other,
            });
            return key.map(Some);
        }
        let Some(text) = std::env::var_os(VARIABLE).filter(|text| !text.is_empty()) else {
            return Ok(None);
        };
        forbid_core_dumps();
        Ok(Some(PrivateKey::parse(&text.to_string_lossy())?))
    }
}
