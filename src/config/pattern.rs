//! Patterns: which files, and which names, a setting is about.

use globset::{GlobBuilder, GlobMatcher};
use serde::Deserialize;

/// A file, a folder with everything below it, or a glob (`*` stops at `/`, `**` does not), relative to the base.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(with = "String"))]
#[serde(try_from = "String")]
pub struct FilePattern {
    text: String,
    glob: GlobMatcher,
}

impl TryFrom<String> for FilePattern {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let trimmed = text.trim().trim_start_matches("./").trim_end_matches('/');
        if trimmed.is_empty() && !text.trim().starts_with('.') {
            return Err("this is empty; name a file, a folder or a glob".to_owned());
        }
        if trimmed.starts_with('/') || trimmed.split('/').any(|part| part == "..") {
            return Err(format!("`{text}` leads out of the base; name files relative to it"));
        }
        let text = if trimmed.is_empty() { "." } else { trimmed };
        Ok(Self { text: text.to_owned(), glob: glob(text)? })
    }
}

impl FilePattern {
    /// As it was written, without a leading `./` and a trailing `/`.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// `file` is relative to the base and `/`-separated.
    pub fn matches(&self, file: &str) -> bool {
        self.text == "."
            || file.strip_prefix(&self.text).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            || self.glob.is_match(file)
            || file
                .match_indices('/')
                .any(|(at, _)| file.get(..at).is_some_and(|folder| self.glob.is_match(folder)))
    }
}

/// An id, or a glob over ids (`Deployment/shop/*`; `*` stops at `/`, `**` does not).
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(with = "String"))]
#[serde(try_from = "String")]
pub struct NamePattern {
    text: String,
    glob: GlobMatcher,
}

impl TryFrom<String> for NamePattern {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let text = text.trim();
        if text.is_empty() {
            return Err("this is empty; name an id or a glob".to_owned());
        }
        Ok(Self { text: text.to_owned(), glob: glob(text)? })
    }
}

impl NamePattern {
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Equal text always matches: addresses hold brackets (`aws_s3_bucket.logs["a"]`), which globs read otherwise.
    pub fn matches(&self, name: &str) -> bool {
        self.text == name || self.glob.is_match(name)
    }
}

fn glob(text: &str) -> Result<GlobMatcher, String> {
    let glob = GlobBuilder::new(text).literal_separator(true).build();
    glob.map(|glob| glob.compile_matcher()).map_err(|error| format!("`{text}` is no glob: {}", error.kind()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_pattern_is_a_file_a_folder_or_a_glob() {
        for (pattern, file, expected) in [
            ("k8s/a.yaml", "k8s/a.yaml", true),
            ("k8s", "k8s/shop/a.yaml", true),
            ("./k8s/", "k8s/a.yaml", true),
            ("k8s", "k8s-old/a.yaml", false),
            (".", "k8s/a.yaml", true),
            ("*.yaml", "a.yaml", true),
            ("*.yaml", "k8s/a.yaml", false),
            ("**/*.yaml", "k8s/shop/a.yaml", true),
            ("overlays/*", "overlays/prod/a.yaml", true),
            ("overlays/*", "base/a.yaml", false),
        ] {
            let pattern = FilePattern::try_from(pattern.to_owned()).unwrap();
            assert_eq!(pattern.matches(file), expected, "{pattern:?} {file}");
        }
        for outside in ["/etc", "../other", "k8s/../..", "", "a{"] {
            assert!(FilePattern::try_from(outside.to_owned()).is_err(), "{outside}");
        }
    }

    #[test]
    fn a_name_matches_itself_whatever_globs_make_of_it() {
        for (pattern, name, expected) in [
            ("aws_s3_bucket.logs[\"a\"]", "aws_s3_bucket.logs[\"a\"]", true),
            ("Deployment/shop/*", "Deployment/shop/cart", true),
            ("Deployment/*", "Deployment/shop/cart", false),
            ("Deployment/**", "Deployment/shop/cart", true),
            ("aws_s3_bucket.*", "aws_s3_bucket.logs", true),
        ] {
            let pattern = NamePattern::try_from(pattern.to_owned()).unwrap();
            assert_eq!(pattern.matches(name), expected, "{pattern:?} {name}");
        }
    }
}
