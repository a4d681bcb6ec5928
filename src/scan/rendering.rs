//! Renders charts and kustomizations where that is asked for, and takes what they make in the place of their parts.

use std::{collections::BTreeSet, path::PathBuf, sync::Arc};

use rayon::prelude::*;

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
pub(super) fn render(base: &Base, namespace: &str, sources: &mut Vec<Source>) -> Vec<Rendered> {
    let disk = Disk { base };
    let roots = render::roots(sources, &disk);
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
            Ok(Output { used, text }) => {
                let rendered = match used {
                    Some(used) => Rendered::kustomization(root, &used),
                    None => Rendered::chart(root, sources),
                };
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
    let missing = rendered.files.iter().filter(|file| !known.contains(file.as_str()));
    let read = missing.filter_map(|file| Some(read::file(&disk.inside(file)?, file)));
    let read: Vec<Source> = read.collect();
    sources.extend(read);
}

struct Output {
    /// The kustomizations that were built; `None` for a chart.
    used: Option<Kustomizations>,
    text: String,
}

fn one(base: &Base, namespace: &str, disk: &Disk<'_>, root: &Root) -> Result<Output, String> {
    let folder = base.root.join(&root.folder);
    let text = |error: RenderError| error.to_string();
    match root.tool {
        Tool::Helm => {
            let chart = Chart::new(root, disk).ok_or("`Chart.yaml` names no chart")?;
            let arguments =
                ["template", &chart.name, ".", "--namespace", namespace, "--include-crds", "--skip-tests"];
            Ok(Output { used: None, text: run("helm", &arguments, &folder).map_err(text)? })
        }
        Tool::Kustomize => {
            let used = Kustomizations::read(&root.folder, disk)?;
            let built = match run("kustomize", &["build", "."], &folder) {
                Err(RenderError::Missing(_)) => run("kubectl", &["kustomize", "."], &folder),
                built => built,
            };
            Ok(Output { used: Some(used), text: built.map_err(text)? })
        }
    }
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
