//! Renders charts and kustomizations where that is asked for, and takes what they make in the place of their parts.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::Arc,
};

use rayon::prelude::*;

use super::Settings;
use crate::{
    resource::render::{self, Chart, Files, Kustomizations, Rendered, Root, Tool},
    source::{
        Source, Status,
        base::Base,
        read,
        render::{RenderError, run},
    },
};

/// Renders all roots; their output is added to `sources`, and their parts are no longer judged by themselves.
pub(super) fn render(settings: &Settings, sources: &mut Vec<Source>) -> Vec<Rendered> {
    let (base, namespace) = (&settings.base, &*settings.namespace);
    let disk = Disk { base };
    let roots = render::roots(sources, &disk, &settings.config.render);
    let results: Vec<(Root, Result<Output, String>)> = roots
        .into_par_iter()
        .map(|root| {
            let result = one(base, namespace, &disk, &root);
            (root, result)
        })
        .collect();
    let mut all = Vec::new();
    for (root, result) in results {
        match result {
            Ok(Output { used, text, again }) => {
                let mut rendered = match used {
                    Some(used) => Rendered::kustomization(root, &used),
                    None => Rendered::chart(root, sources),
                };
                rendered.made = again.map(|again| render::differing_lines(&text, &again)).unwrap_or_default();
                add_parts(&disk, &rendered, sources);
                for source in sources.iter_mut().filter(|source| rendered.files.contains(&*source.file)) {
                    let reason = format!("part of what `{}` makes, which is judged", rendered.root.command());
                    source.status = Status::Ignored(reason);
                }
                sources.push(output(&rendered.root, &text));
                all.push(rendered);
            }
            Err(reason) => skip(&root, &reason, sources),
        }
    }
    all
}

/// Adds the files that something is rendered from and that lie outside the estate: findings point into them.
fn add_parts(disk: &Disk<'_>, rendered: &Rendered, sources: &mut Vec<Source>) {
    let known: BTreeSet<&str> = sources.iter().map(|source| &*source.file).collect();
    let parts = rendered.files.iter().chain(&rendered.values);
    let missing = parts.filter(|file| !known.contains(file.as_str()));
    let read = missing.filter_map(|file| Some(read::file(&disk.inside(file)?, file)));
    let read: Vec<Source> = read.collect();
    sources.extend(read);
}

struct Output {
    /// The kustomizations that were built; `None` for a chart.
    used: Option<Kustomizations>,
    text: String,
    /// Of a chart that makes values by chance, what it makes another time.
    again: Option<String>,
}

fn one(base: &Base, namespace: &str, disk: &Disk<'_>, root: &Root) -> Result<Output, String> {
    let folder = base.root.join(&root.folder);
    let text = |error: RenderError| error.to_string();
    match root.tool {
        Tool::Helm => {
            let chart = Chart::new(root, disk).ok_or("`Chart.yaml` names no chart")?;
            if let Some(link) = disk.link_that_leads_out(&folder) {
                return Err(format!("`{link}` leads out of the base"));
            }
            let values = root.values.iter().map(|file| disk.values(file)).collect::<Result<Vec<_>, _>>()?;
            let mut arguments = vec![
                "template",
                &chart.name,
                ".",
                "--namespace",
                namespace,
                "--include-crds",
                "--skip-tests",
            ];
            arguments.extend(values.iter().flat_map(|file| ["--values", file]));
            let rendered = run("helm", &arguments, &folder);
            let missing = chart.dependencies.iter().find(|name| !Disk::holds_chart(&folder, name));
            let text = rendered.map_err(|error| match missing {
                Some(name) if matches!(error, RenderError::Failed(..)) => {
                    format!(
                        "it depends on the chart `{name}`, which is not in its `charts` and is not downloaded (`helm dependency build {}` does)",
                        root.set()
                    )
                }
                _ => text(error),
            });
            let text = text?;
            let again = makes_values(&folder).then(|| run("helm", &arguments, &folder).ok()).flatten();
            Ok(Output { used: None, text, again })
        }
        Tool::Kustomize => {
            let used = Kustomizations::read(&root.folder, disk)?;
            let built = match run("kustomize", &["build", "."], &folder) {
                Err(RenderError::Missing(_)) => run("kubectl", &["kustomize", "."], &folder),
                built => built,
            };
            let built = built.map_err(|error| match used.refused(disk) {
                Some(reason) if matches!(error, RenderError::Failed(..)) => reason,
                _ => text(error),
            });
            let text = render::without_hashes(&built?, &used);
            Ok(Output { used: Some(used), text, again: None })
        }
    }
}

/// Whether a chart may make values by chance (Sprig, "Random Functions"); a packed one may.
fn makes_values(folder: &Path) -> bool {
    const FUNCTIONS: [&str; 6] = ["rand", "genCA", "genPrivateKey", "genSelfSigned", "genSigned", "uuidv4"];
    files(folder).iter().any(|file| {
        let is_packed = file.extension().is_some_and(|extension| extension == "tgz");
        let text = || read::file(file, "").text;
        is_packed
            || text().split("{{").skip(1).any(|action| FUNCTIONS.iter().any(|name| action.contains(name)))
    })
}

/// All files below a folder, sorted; symbolic links are not followed.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut folders = vec![folder.to_path_buf()];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in folder.read_dir().into_iter().flatten().filter_map(Result::ok) {
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => folders.push(entry.path()),
                Ok(_) => found.push(entry.path()),
                Err(_) => {}
            }
        }
    }
    found.sort();
    found
}

fn output(root: &Root, text: &str) -> Source {
    let mut source = read::made(&root.output(), text);
    source.rendered = Some(root.set().into());
    source
}

/// Says at the file that names the root why it was not rendered.
fn skip(root: &Root, reason: &str, sources: &mut [Source]) {
    let names: &[&str] = match root.tool {
        Tool::Helm => &["Chart.yaml"],
        Tool::Kustomize => &["kustomization.yaml", "kustomization.yml", "Kustomization"],
    };
    let files = names.iter().map(|name| {
        if root.folder.is_empty() { (*name).to_owned() } else { format!("{}/{name}", root.folder) }
    });
    let files: Vec<String> = files.collect();
    for source in sources.iter_mut().filter(|source| files.iter().any(|file| **file == *source.file)) {
        source.status = Status::Skipped(format!(
            "it was not rendered, since {reason}: run `{} | probity scan -`",
            root.command()
        ));
    }
}

struct Disk<'b> {
    base: &'b Base,
}

impl Disk<'_> {
    /// A path below the base, symbolic links resolved.
    fn inside(&self, name: &str) -> Option<PathBuf> {
        let path = self.base.root.join(name).canonicalize().ok()?;
        path.starts_with(&self.base.root).then_some(path)
    }

    /// The absolute path of a values file: what is not there would be fetched.
    fn values(&self, file: &str) -> Result<String, String> {
        let path = self.inside(file).filter(|path| path.is_file());
        let path = path.ok_or_else(|| format!("the values file `{file}` is not there"))?;
        let path = path.to_str().filter(|path| !path.contains([',', '"']));
        // Helm takes `--values` for a line of CSV.
        path.map(ToOwned::to_owned).ok_or_else(|| format!("helm cannot be told the path of `{file}`"))
    }

    /// Whether a chart's folder holds another one by its name, as a folder or packed.
    fn holds_chart(folder: &Path, name: &str) -> bool {
        let charts = folder.join("charts").read_dir().into_iter().flatten().filter_map(Result::ok);
        let mut names = charts.map(|entry| entry.file_name().to_string_lossy().into_owned());
        names.any(|file| file.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('-')))
    }

    /// A symbolic link below a folder to something outside of the base, by its name: helm would read what is there.
    fn link_that_leads_out(&self, folder: &Path) -> Option<String> {
        for path in files(folder).into_iter().filter(|path| path.is_symlink()) {
            if path.canonicalize().is_ok_and(|path| !path.starts_with(&self.base.root)) {
                return Some(self.base.name(&path));
            }
        }
        None
    }
}

impl Files for Disk<'_> {
    fn text(&self, file: &str) -> Option<Arc<str>> {
        let path = self.inside(file).filter(|path| path.is_file())?;
        Some(read::file(&path, file).text)
    }

    fn is_folder(&self, name: &str) -> bool {
        self.inside(name).is_some_and(|path| path.is_dir())
    }
}
