//! Files that a collector is told to read: `Path` of Fluent Bit, `path` of Fluentd, `include` of the OpenTelemetry
//! Collector, `include_paths_glob_patterns` of Vector, `paths` of Filebeat. One that names Pods or namespaces leaves
//! out all others.
//!
//! Names of files: see [`super::left_out`]. Deliberately absent: files that a kubelet does not name.

use super::{Told, left_out};
use crate::{facts::workloads::Workload, source::Place};

/// A pattern of files, as it is written.
#[derive(Debug, Clone)]
struct Pattern {
    text: String,
    place: Place,
}

/// What a collector reads of the files of Pods.
#[derive(Debug, Clone, Default)]
pub(in crate::facts::log_pipelines) struct ReadFiles(Vec<Pattern>);

/// Keys that name files, without case and underscores.
const KEYS: [&str; 5] = ["path", "paths", "include", "includepathsglobpatterns", "includepaths"];

/// Folders of files that the kubelet names after Pods.
const FOLDERS: [&str; 2] = ["/var/log/containers/", "/var/log/pods/"];

/// Where files of containers lie that no kubelet named.
const UNNAMED: &str = "/var/lib/docker/";

impl ReadFiles {
    /// Empty where nothing limits what is read.
    pub(in crate::facts::log_pipelines) fn of(told: &[Told<'_>]) -> Self {
        let mut found = Vec::new();
        let mut is_open = false;
        left_out::each_setting(told, &KEYS, |told, line, start| {
            is_open |= line.contains(['$', '#']) || line.contains("{{") || line.contains(UNNAMED);
            for word in line.split([' ', '\t', ',', '"', '\'', '[', ']', '\n', '\r']) {
                if FOLDERS.iter().any(|folder| word.starts_with(folder)) {
                    let at = line.find(word).unwrap_or_default() + start;
                    found.push(Pattern { text: word.to_owned(), place: told.part(at..at + word.len()) });
                } else if word.starts_with("/var/log/") && word.contains("**") {
                    is_open = true;
                }
            }
        });
        if is_open || found.iter().any(|pattern| pattern.text.contains(['{', '[', '?'])) {
            found.clear();
        }
        Self(found)
    }

    /// The pattern by which it reads something, and nothing of a workload.
    pub(in crate::facts::log_pipelines) fn passes_over(
        &self,
        workload: &Workload<'_>,
    ) -> Option<(&str, &Place)> {
        let first = self.0.first()?;
        let files = files(workload);
        let is_read =
            |pattern: &Pattern| files.iter().any(|file| matches(pattern.text.as_bytes(), file.as_bytes()));
        (!files.is_empty() && !self.0.iter().any(is_read)).then_some((first.text.as_str(), &first.place))
    }
}

/// Names that files of each container may have.
fn files(workload: &Workload<'_>) -> Vec<String> {
    const ID: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    const UID: &str = "01234567-89ab-4def-8123-456789abcdef";
    let name = &*workload.resource.object.name;
    let pod = match &*workload.resource.object.kind {
        "Pod" => name.to_owned(),
        "Deployment" => format!("{name}-7d9c6b5f4-x2x4z"),
        "StatefulSet" => format!("{name}-0"),
        "CronJob" => format!("{name}-29012345-x2x4z"),
        _ => format!("{name}-x2x4z"),
    };
    let namespace = workload.namespace;
    let containers = workload.pod.containers().filter_map(|container| container.str_at(&["name"]));
    containers
        .flat_map(|container| {
            [
                format!("/var/log/containers/{pod}_{namespace}_{container}-{ID}.log"),
                format!("/var/log/pods/{namespace}_{pod}_{UID}/{container}/0.log"),
            ]
        })
        .collect()
}

/// Whether a pattern fits: `*` stands for anything within one folder, `**` for folders too.
fn matches(pattern: &[u8], text: &[u8]) -> bool {
    // Positions in the pattern that the text so far may have led to.
    let mut here = vec![false; pattern.len() + 1];
    let skip = |here: &mut Vec<bool>| {
        for (at, byte) in pattern.iter().enumerate() {
            if *byte == b'*'
                && here.get(at) == Some(&true)
                && let Some(next) = here.get_mut(at + 1)
            {
                *next = true;
            }
        }
    };
    if let Some(first) = here.first_mut() {
        *first = true;
    }
    skip(&mut here);
    for byte in text {
        let mut next = vec![false; pattern.len() + 1];
        for (at, expected) in pattern.iter().enumerate().filter(|(at, _)| here.get(*at) == Some(&true)) {
            let is_wide =
                pattern.get(at + 1) == Some(&b'*') || (at > 0 && pattern.get(at - 1) == Some(&b'*'));
            if *expected == b'*' && (*byte != b'/' || is_wide) {
                if let Some(stays) = next.get_mut(at) {
                    *stays = true;
                }
            } else if expected == byte
                && let Some(goes) = next.get_mut(at + 1)
            {
                *goes = true;
            }
        }
        skip(&mut next);
        here = next;
    }
    here.last() == Some(&true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_anything_within_a_folder() {
        for (pattern, text, expected) in [
            ("/a/*.log", "/a/b.log", true),
            ("/a/*.log", "/a/b/c.log", false),
            ("/a/**/*.log", "/a/b/c/d.log", true),
            ("/a/*_shop_*.log", "/a/web-0_shop_web-1.log", true),
            ("/a/*_shop_*.log", "/a/web-0_clinic_web-1.log", false),
            ("/a/b", "/a/b", true),
            ("/a/b", "/a/bc", false),
        ] {
            assert_eq!(matches(pattern.as_bytes(), text.as_bytes()), expected, "{pattern} {text}");
        }
    }
}
