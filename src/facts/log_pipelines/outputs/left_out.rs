//! Namespaces whose files a collector is told to leave alone: `Exclude_Path` of Fluent Bit, `exclude_path` of Fluentd,
//! `exclude` of the OpenTelemetry Collector, `exclude_paths_glob_patterns` of Vector.
//!
//! Source of the names of files: kubelet, `/var/log/containers/POD_NAMESPACE_CONTAINER-ID.log` and
//! `/var/log/pods/NAMESPACE_POD_UID`. Deliberately absent: expressions, and files of single Pods.

use std::sync::LazyLock;

use regex::Regex;

use super::Told;
use crate::source::Place;

/// A namespace that is left out.
#[derive(Debug, Clone)]
pub(in crate::facts::log_pipelines) struct LeftOut {
    pub(in crate::facts::log_pipelines) namespace: String,
    /// The pattern of files, as it is written.
    pub(in crate::facts::log_pipelines) pattern: String,
    pub(in crate::facts::log_pipelines) place: Place,
}

/// Keys that exclude, without case and underscores.
const KEYS: [&str; 4] = ["excludepath", "excludepaths", "exclude", "excludepathsglobpatterns"];

pub(in crate::facts::log_pipelines) fn namespaces(told: &[Told<'_>]) -> Vec<LeftOut> {
    let mut found = Vec::new();
    each_setting(told, &KEYS, |told, text, start| {
        found.extend(patterns(text).map(|(namespace, pattern, range)| LeftOut {
            namespace,
            pattern,
            place: told.part(start + range.start..start + range.end),
        }));
    });
    found
}

/// Calls back for the text of every setting with one of some names, with where in the told text it starts.
pub(super) fn each_setting<'e>(
    told: &[Told<'e>],
    keys: &[&str],
    mut found: impl FnMut(&Told<'e>, &str, usize),
) {
    for told in told.iter().filter(|told| told.is_configuration) {
        let last = told.name.rsplit('.').next().unwrap_or_default();
        if is_key(last.split('[').next().unwrap_or_default(), keys) {
            found(told, &told.text, 0);
            continue;
        }
        let mut at = 0;
        for line in told.text.split_inclusive('\n') {
            let start = at;
            at += line.len();
            let key = line.trim_start().split(char::is_whitespace).next().unwrap_or_default();
            if is_key(key, keys) {
                found(told, line, start);
            }
        }
    }
}

fn is_key(name: &str, keys: &[&str]) -> bool {
    let plain: String = name.chars().filter(|c| *c != '_').collect();
    keys.iter().any(|key| plain.eq_ignore_ascii_case(key))
}

/// Each pattern of files that names a namespace and any of its Pods, with where it stands.
fn patterns(text: &str) -> impl Iterator<Item = (String, String, std::ops::Range<usize>)> + '_ {
    static NAMED: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r"/var/log/(?:containers/\*_(?P<a>[a-z0-9-]+)_\*[^\s,\x22'\]]*|pods/(?P<b>[a-z0-9-]+)_\*[^\s,\x22'\]]*)").ok()
    });
    NAMED.iter().flat_map(move |named| named.captures_iter(text)).filter_map(|captures| {
        let namespace = captures.name("a").or_else(|| captures.name("b"))?.as_str().to_owned();
        let whole = captures.get(0)?;
        Some((namespace, whole.as_str().to_owned(), whole.range()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_names_the_namespace_whose_files_it_fits() {
        for (text, expected) in [
            ("/var/log/containers/*_shop_*.log", &["shop"][..]),
            (
                "[\"/var/log/containers/*_shop_*.log\", \"/var/log/pods/kube-system_*/*/*.log\"]",
                &["shop", "kube-system"],
            ),
            ("/var/log/containers/fluent-bit*.log", &[]),
            ("/var/log/containers/web-*_shop_*.log", &[]),
        ] {
            let found: Vec<String> = patterns(text).map(|(namespace, ..)| namespace).collect();
            assert_eq!(found, expected, "{text}");
        }
        for (key, expected) in
            [("Exclude_Path", true), ("exclude_path", true), ("exclude", true), ("Path", false)]
        {
            assert_eq!(is_key(key, &KEYS), expected, "{key}");
        }
    }
}
