//! Conftest's `parse_config`, `parse_config_file` and `parse_combined_config_files`, for YAML and JSON.
//!
//! The last two read files relative to the policy that calls them. The engine does not know which one that is, so
//! [`crate::policy::rewrite`] gives them its name as first argument. Other formats are errors, never undefined.

use std::{collections::BTreeMap, sync::Arc};

use regorus::Value;

use super::{Fault, Function, array, text};
use crate::{
    document::{self, Parsed},
    policy::input::{data, document},
    source::SourceId,
};

/// Why a policy got no file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReadError {
    /// There is no such file, or it cannot be read: undefined for the policy, as in Conftest.
    Missing(String),
    /// It lies where no policy may read: an error of the policy.
    Outside,
}

/// Reads a file for a policy: the policy's own name, and a path relative to its folder.
pub type ReadFile = Arc<dyn Fn(&str, &str) -> Result<String, ReadError> + Send + Sync>;

pub(super) const FUNCTIONS: &[Function] = &[("parse_config", 2, |arguments| {
    let parser = text(arguments, 0)?;
    parse(parser, text(arguments, 1)?)
})];

type HostCall = fn(&[Value], Option<&ReadFile>) -> Result<Value, Fault>;

/// Functions that read files.
pub(super) const HOST_FUNCTIONS: [(&str, u8, HostCall); 2] =
    [("parse_config_file", 2, parse_file), ("parse_combined_config_files", 2, parse_files)];

/// The first document of a YAML text, as OPA reads it.
pub(super) fn yaml(text: &str) -> Result<Value, Fault> {
    let parsed = document::yaml::parse(SourceId(0), &text.into());
    documents(&parsed)?;
    Ok(parsed.documents.first().map_or(Value::Null, |document| Value::from(data(document.root()))))
}

fn documents(parsed: &Parsed) -> Result<Vec<Value>, Fault> {
    match parsed.errors.first() {
        Some(error) => Err(error.message.clone().into()),
        None => Ok(parsed.documents.iter().map(|found| document(found.root())).collect()),
    }
}

/// One value, or an array of them where the text holds several documents.
fn parse(parser: &str, text: &str) -> Result<Value, Fault> {
    let text = text.into();
    let mut documents = match parser {
        "yaml" | "yml" => documents(&document::yaml::parse(SourceId(0), &text))?,
        "json" => documents(&document::json::parse(SourceId(0), &text))?,
        other => {
            return Err(Fault::Host(format!(
                "files of format `{other}` are not read here, only YAML and JSON"
            )));
        }
    };
    Ok(if documents.len() > 1 { Value::from(documents) } else { documents.pop().unwrap_or(Value::Null) })
}

fn read(policy: &str, path: &str, read: Option<&ReadFile>) -> Result<Value, Fault> {
    let extension =
        path.rsplit('/').next().and_then(|name| name.rsplit_once('.')).map_or("", |(_, extension)| extension);
    let Some(read) = read else { return Err(Fault::Host("no file can be read here".to_owned())) };
    match read(policy, path) {
        Ok(text) => parse(&extension.to_ascii_lowercase(), &text),
        Err(ReadError::Missing(cause)) => Err(Fault::Call(format!("`{path}` cannot be read: {cause}"))),
        Err(ReadError::Outside) => {
            Err(Fault::Host(format!("`{path}` lies outside of the scanned tree and of the policies")))
        }
    }
}

fn parse_file(arguments: &[Value], reader: Option<&ReadFile>) -> Result<Value, Fault> {
    read(text(arguments, 0)?, text(arguments, 1)?, reader)
}

/// `{path, contents}` of each document, sorted by path, as `--combine` gives them.
fn parse_files(arguments: &[Value], reader: Option<&ReadFile>) -> Result<Value, Fault> {
    let policy = text(arguments, 0)?;
    let folder = policy.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut found = Vec::new();
    for path in array(arguments, 1)? {
        let Value::String(path) = path else { return Err("a path is no string".into()) };
        let name = joined(folder, path);
        match read(policy, path, reader)? {
            Value::Array(documents) => {
                found.extend(documents.iter().map(|document| (name.clone(), document.clone())));
            }
            document => found.push((name, document)),
        }
    }
    found.sort_by(|(a, _), (b, _)| a.cmp(b));
    let entry = |(path, contents)| {
        let path = (Value::from("path"), Value::from(path));
        Value::from(BTreeMap::from([path, (Value::from("contents"), contents)]))
    };
    Ok(Value::from(found.into_iter().map(entry).collect::<Vec<_>>()))
}

/// A path below a folder, without `.` and `..` where they can be resolved.
fn joined(folder: &str, path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in folder.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    let root = if folder.starts_with('/') { "/" } else { "" };
    format!("{root}{}", parts.join("/"))
}
