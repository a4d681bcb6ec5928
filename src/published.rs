//! Files that are generated from the code and published with it: compared, or rewritten with `UPDATE_DOCS=1`.

mod cluster;
mod rules;
mod selectors;

/// Compares a file of the repository with what it has to hold.
#[expect(
    clippy::disallowed_methods,
    reason = "a test compares files of the repository, or rewrites them when asked"
)]
pub(crate) fn check(file: &str, text: &str) {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::create_dir_all(path.parent().expect("a file lies in a folder")).expect("a folder");
        std::fs::write(&path, text).expect("a file that can be written");
    }
    let published = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        published == text,
        "{file} is not what the code says: run `UPDATE_DOCS=1 cargo test` and review it"
    );
}
