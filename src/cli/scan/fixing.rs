//! `--fix`: judges, writes the fixes of open findings, and leaves the verdict to the scan that follows.
//!
//! A file is replaced as a whole or not at all, and only where its bytes are those that were judged.

use std::{
    collections::BTreeSet,
    fs,
    io::{self, Write as _},
    path::Path,
};

use sha2::{Digest as _, Sha256};
use tempfile::NamedTempFile;

use super::{Arguments, Prepared};
use crate::{
    cli::{Failure, terminal::Terminal},
    finding::Edit,
    fix,
    output::visible::one_line,
    report::{Report, Status},
    scan,
    source::{Source, base::Base, read::STDIN},
};

/// The open findings before anything was fixed.
pub(super) struct Fixed {
    fingerprints: BTreeSet<String>,
}

/// Fixes what can be fixed. A file that cannot be written is told and left; its findings stay.
pub(super) fn fix(arguments: &Arguments, terminal: &Terminal) -> Result<Fixed, Failure> {
    refuse(arguments)?;
    // The scan that follows tells what there is to notice.
    let Prepared { settings, policies, .. } = Prepared::new(arguments, &Terminal::silent())?;
    let mut estate = scan::read_for(&policies, &settings, &|_, _| {})?;
    let report = scan::judge(&settings, &mut estate, policies, &|_, _| {});
    let open = report.findings.iter().filter(|judged| judged.status == Status::Open);
    let fixed = Fixed { fingerprints: open.map(|judged| judged.fingerprint.clone()).collect() };
    if !report.errors.is_empty() {
        terminal.notice_always("nothing is fixed, since a policy failed");
        return Ok(fixed);
    }
    let mut is_planned = false;
    for (id, edits) in report.edits() {
        let source = estate.sources.get(id);
        if !is_asked_for(&settings.base, source) {
            continue;
        }
        match write(&settings.base, source, &edits) {
            Ok(()) => {
                is_planned |= fix::is_configuration(&source.file);
                edits.iter().for_each(|edit| terminal.notice(told(source, edit)));
            }
            Err(cause) => {
                terminal.notice_always(format!("`{}` is not fixed: {cause}", one_line(&source.file)));
            }
        }
    }
    if is_planned {
        terminal.notice_always(
            "what is fixed in Terraform counts with the next plan: what follows is about the one before, so make \
             another with `terraform plan`",
        );
    }
    Ok(fixed)
}

impl Fixed {
    /// Says so where the estate has findings now that it did not have before.
    pub(super) fn notice_new(&self, report: &Report, terminal: &Terminal) {
        let is_new = |fingerprint: &String| !self.fingerprints.contains(fingerprint);
        let open = report.findings.iter().filter(|judged| judged.status == Status::Open);
        let new: Vec<_> = open.filter(|judged| is_new(&judged.fingerprint)).collect();
        if let Some(first) = new.first() {
            terminal.notice_always(format!(
                "with the fixes come {} new: {} of `{}`{}; look at what was fixed before you keep it",
                if new.len() == 1 {
                    "a finding that is".to_owned()
                } else {
                    format!("{} findings that are", new.len())
                },
                first.finding.rule,
                one_line(&first.finding.resource),
                if new.len() == 1 { "" } else { ", and others" },
            ));
        }
    }
}

fn refuse(arguments: &Arguments) -> Result<(), Failure> {
    if arguments.since.is_some() {
        return Err(Failure::usage("`--fix` cannot be used with `--since`: it mends the work tree, of which `--since` judges the change alone")
            .help("fix first, then run `probity scan --since REF`"));
    }
    if arguments.estate.paths.iter().any(|path| path.as_os_str() == STDIN) {
        return Err(Failure::usage("`--fix` cannot be used with standard input: there is no file to write")
            .help("name the file"));
    }
    Ok(())
}

/// With `--root`, only what PATHs name is written.
fn is_asked_for(base: &Base, source: &Source) -> bool {
    let path = base.root.join(&*source.file);
    base.limit.as_ref().is_none_or(|limit| limit.iter().any(|asked| path.starts_with(asked)))
}

fn told(source: &Source, edit: &Edit) -> String {
    let line = source.lines().line(edit.place.start);
    format!("fixed {}:{line}: it says {} now", one_line(&source.file), edit.replacement)
}

#[expect(clippy::disallowed_methods, reason = "the edge that writes fixes")]
fn write(base: &Base, source: &Source, edits: &[&Edit]) -> Result<(), String> {
    let path = base.root.join(&*source.file);
    let unreadable = |error: io::Error| format!("it cannot be read: {error}");
    if path.canonicalize().map_err(unreadable)? != path {
        return Err("a symbolic link leads to it; name what it leads to".to_owned());
    }
    let bytes = fs::read(&path).map_err(unreadable)?;
    if source.digest != Some(Sha256::digest(&bytes).into()) {
        return Err("it was changed meanwhile; run it again".to_owned());
    }
    let (mark, body) = match bytes.strip_prefix(MARK) {
        Some(body) => (MARK, body),
        None => (&[][..], &*bytes),
    };
    if body != source.text.as_bytes() {
        return Err("it is not written in UTF-8; convert it first".to_owned());
    }
    let text = fix::rewritten(source, edits).ok_or("its fixes contradict each other")?;
    replace(&path, &[mark, text.as_bytes()]).map_err(|error| format!("it cannot be written: {error}"))
}

/// Byte order mark of UTF-8.
const MARK: &[u8] = b"\xef\xbb\xbf";

/// All or nothing: a file beside it with the same permissions takes its name.
fn replace(path: &Path, parts: &[&[u8]]) -> io::Result<()> {
    let permissions = fs::metadata(path)?.permissions();
    if permissions.readonly() {
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, "it is read-only"));
    }
    let folder = path.parent().ok_or(io::ErrorKind::InvalidInput)?;
    let mut file = NamedTempFile::new_in(folder)?;
    for part in parts {
        file.write_all(part)?;
    }
    file.as_file().set_permissions(permissions)?;
    file.as_file().sync_all()?;
    file.persist(path).map(drop).map_err(|error| error.error)
}
