//! The output of Helm: objects, each under the name of the template that made it.

/// What one template made of one object.
#[derive(Debug, Clone)]
pub(super) struct Chunk {
    /// As Helm names it, without the chart: `templates/web.yaml`, `charts/cache/templates/redis.yaml`.
    pub(super) source: String,
    pub(super) kind: String,
    pub(super) start: usize,
    pub(super) end: usize,
}

/// All objects of an output in its order. Helm starts each with `---` and `# Source: chart/…`.
pub(super) fn chunks(output: &str) -> Vec<Chunk> {
    const MARK: &str = "---\n# Source: ";
    let starts: Vec<usize> = output
        .match_indices(MARK)
        .map(|(at, _)| at)
        .filter(|at| *at == 0 || output.as_bytes().get(at - 1) == Some(&b'\n'))
        .collect();
    let ends = starts.iter().skip(1).copied().chain([output.len()]);
    let chunks = starts.iter().zip(ends).filter_map(|(start, end)| {
        let rest = output.get(start + MARK.len()..end)?;
        let (line, body) = rest.split_once('\n')?;
        let kind = body.lines().find_map(|line| line.strip_prefix("kind:")).unwrap_or_default();
        Some(Chunk {
            source: line.trim().split_once('/')?.1.to_owned(),
            kind: kind.trim().trim_matches(['"', '\'']).to_owned(),
            start: end - body.len(),
            end,
        })
    });
    chunks.collect()
}

/// The object that holds an offset.
pub(super) fn around(chunks: &[Chunk], offset: usize) -> Option<usize> {
    let index = chunks.partition_point(|chunk| chunk.start <= offset).checked_sub(1)?;
    (offset < chunks.get(index)?.end).then_some(index)
}
