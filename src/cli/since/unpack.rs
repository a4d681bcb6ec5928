//! Unpacking: the tree of a commit as files, read by the plumbing of git, which knows no attributes.

use std::{
    fs,
    io::{self, BufRead as _, BufReader, Read as _, Write as _},
    path::{Component, Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Stdio},
};

use crate::source::git;

/// What a tree holds at a path.
#[derive(Debug, PartialEq, Eq)]
enum Kind {
    File,
    Link,
    Submodule,
}

#[derive(Debug, PartialEq, Eq)]
struct Entry {
    kind: Kind,
    object: String,
    path: PathBuf,
}

/// Writes the tree of a commit into an empty folder. Gives submodules whose commit their clone does not hold.
pub(super) fn tree(repository: &Path, commit: &str, folder: &Path) -> Result<Vec<String>, String> {
    let mut missing = Vec::new();
    unpack(repository, commit, folder, Path::new(""), &mut missing)?;
    missing.sort();
    Ok(missing)
}

/// `below`: where in the whole tree this one lies.
fn unpack(
    repository: &Path,
    commit: &str,
    folder: &Path,
    below: &Path,
    missing: &mut Vec<String>,
) -> Result<(), String> {
    let listed = git::ask(repository, &["ls-tree", "-r", "-z", "--full-tree", commit])?;
    let entries = listed.split(|byte| *byte == 0).filter(|line| !line.is_empty()).map(entry);
    let entries = entries.filter_map(Result::transpose).collect::<Result<Vec<_>, _>>()?;
    let mut objects = Objects::new(repository)?;
    // Links last: nothing is written through one.
    let of = |wanted: Kind| entries.iter().filter(move |entry| entry.kind == wanted);
    for entry in of(Kind::File) {
        let path = place(folder, &entry.path)?;
        let mut file = fs::File::create(path).map_err(|cause| told(&entry.path, &cause))?;
        objects.copy(&entry.object, &mut file).map_err(|cause| told(&entry.path, &cause))?;
    }
    for entry in of(Kind::Link) {
        let mut target = Vec::new();
        objects.copy(&entry.object, &mut target).map_err(|cause| told(&entry.path, &cause))?;
        link(&target, &place(folder, &entry.path)?).map_err(|cause| told(&entry.path, &cause))?;
    }
    for entry in of(Kind::Submodule) {
        let clone = repository.join(&entry.path);
        // One that is not checked out holds nothing now either.
        if !git::is_work_tree(&clone) {
            continue;
        }
        let inside = below.join(&entry.path);
        let into = place(folder, &entry.path)?;
        fs::create_dir_all(&into).map_err(|cause| told(&entry.path, &cause))?;
        let is_there = git::ask(&clone, &["cat-file", "-e", &format!("{}^{{commit}}", entry.object)]).is_ok();
        if is_there {
            unpack(&clone, &entry.object, &into, &inside, missing)?;
        } else {
            missing.push(inside.to_string_lossy().replace('\\', "/"));
        }
    }
    Ok(())
}

/// One line of `git ls-tree`: `<mode> <type> <object>\t<name>`. `None`: a name that no file of the work tree can have.
fn entry(line: &[u8]) -> Result<Option<Entry>, String> {
    let odd = || "git lists its tree in a form that is not known here".to_owned();
    let tab = line.iter().position(|byte| *byte == b'\t').ok_or_else(odd)?;
    let (head, name) = (line.get(..tab).unwrap_or_default(), line.get(tab + 1..).unwrap_or_default());
    let head = std::str::from_utf8(head).map_err(|_| odd())?;
    let [mode, _, object] = head.split(' ').collect::<Vec<_>>()[..] else { return Err(odd()) };
    let kind = match mode {
        "120000" => Kind::Link,
        "160000" => Kind::Submodule,
        _ => Kind::File,
    };
    let Some(path) = git::path(name) else { return Ok(None) };
    let is_plain =
        |part: Component<'_>| matches!(part, Component::Normal(name) if !name.eq_ignore_ascii_case(".git"));
    let is_inside = path.components().all(is_plain);
    Ok(is_inside.then(|| Entry { kind, object: object.to_owned(), path }))
}

/// Where a file is written; its folder is made.
fn place(folder: &Path, path: &Path) -> Result<PathBuf, String> {
    let path = folder.join(path);
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).map_err(|cause| told(&path, &cause))?;
    }
    Ok(path)
}

fn told(path: &Path, cause: &io::Error) -> String {
    format!("`{}`: {cause}", path.display())
}

#[cfg(unix)]
fn link(target: &[u8], path: &Path) -> io::Result<()> {
    let target = git::path(target).ok_or(io::ErrorKind::InvalidData)?;
    std::os::unix::fs::symlink(target, path)
}

/// A file that says where it leads, as git writes it where links need a permission.
#[cfg(not(unix))]
fn link(target: &[u8], path: &Path) -> io::Result<()> {
    fs::write(path, target)
}

/// Contents of objects as they are stored, asked for one after the other.
struct Objects {
    process: Child,
    asked: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Objects {
    fn new(repository: &Path) -> Result<Self, String> {
        let mut command = git::command(repository);
        command.args(["cat-file", "--batch"]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = command.spawn().map_err(|cause| format!("git cannot be run: {cause}"))?;
        let (Some(asked), Some(answers)) = (process.stdin.take(), process.stdout.take()) else {
            return Err("git cannot be talked to".to_owned());
        };
        Ok(Self { process, asked, answers: BufReader::new(answers) })
    }

    /// The answer is `<object> <type> <size>`, the contents, and the end of a line; or `<object> missing`.
    fn copy(&mut self, object: &str, into: &mut impl io::Write) -> io::Result<()> {
        writeln!(self.asked, "{object}")?;
        let mut head = String::new();
        self.answers.read_line(&mut head)?;
        let size: Option<u64> = match head.split_whitespace().collect::<Vec<_>>()[..] {
            [_, "blob", size] => size.parse().ok(),
            _ => None,
        };
        let missing = || io::Error::new(io::ErrorKind::NotFound, "its contents are not in this clone");
        let size = size.ok_or_else(missing)?;
        if io::copy(&mut self.answers.by_ref().take(size), into)? != size {
            return Err(missing());
        }
        self.answers.read_line(&mut String::new()).map(drop)
    }
}

impl Drop for Objects {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_a_tree_is_an_entry_unless_it_leads_elsewhere() {
        let read = |line: &str| entry(line.as_bytes());
        let found =
            |kind, path: &str| Ok(Some(Entry { kind, object: "a1".to_owned(), path: PathBuf::from(path) }));
        assert_eq!(read("100644 blob a1\tk8s/a b\n.yaml"), found(Kind::File, "k8s/a b\n.yaml"));
        assert_eq!(read("100755 blob a1\trun"), found(Kind::File, "run"));
        assert_eq!(read("120000 blob a1\tlink.yaml"), found(Kind::Link, "link.yaml"));
        assert_eq!(read("160000 commit a1\tvendor"), found(Kind::Submodule, "vendor"));
        for outside in ["../a.yaml", "/etc/a.yaml", "k8s/../../a.yaml", ".git/config", "a/.GIT/config"] {
            assert_eq!(read(&format!("100644 blob a1\t{outside}")), Ok(None), "{outside}");
        }
        assert!(read("what").is_err());
    }
}
