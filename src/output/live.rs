//! Live objects in formats that know only files.

/// A file that stands for a live object without a manifest: none has such a path, and it is the same in every run, so that
/// what a platform keeps of a finding stays its own.
pub(super) fn path(resource: &str) -> String {
    format!("cluster/{resource}")
}
