//! The end of a run: reports are written and delivered, and the run is closed in the audit log.

use super::Delivery;
use crate::{
    cli::{
        Failure,
        audit::{Run, worse},
        clock,
        destinations::Destination,
        terminal::Terminal,
    },
    cluster::Target,
    estate::Estate,
    facts::graph::graphs,
    output,
    report::Report,
};

/// To whom a report is told.
pub(in crate::cli) struct Telling<'t> {
    pub(in crate::cli) destinations: &'t [Destination],
    pub(in crate::cli) delivery: &'t Delivery,
    pub(in crate::cli) with_facts: bool,
    /// The cluster that was judged.
    pub(in crate::cli) target: Option<&'t Target>,
    pub(in crate::cli) audit: Option<Run>,
    pub(in crate::cli) terminal: &'t Terminal,
}

/// Writes the report wherever it is wanted, and gives the exit code of the run. What fails is told last.
pub(in crate::cli) fn tell(mut report: Report, estate: &Estate, to: Telling<'_>) -> Result<u8, Failure> {
    let Telling { destinations, delivery, with_facts, target, audit, terminal } = to;
    report.audit = audit.as_ref().map(Run::reference);
    report.time = clock::now();
    if destinations.iter().any(Destination::wants_graphs) {
        report.graphs = graphs(estate);
    }
    report.facts = with_facts.then(|| output::facts::document(estate));
    let (mut written, mut failed) = (Vec::new(), None);
    for destination in destinations {
        match destination.write(&report, &estate.sources, terminal) {
            Ok(report) => written.push(report),
            Err(failure) => failed = failed.or(Some(failure)),
        }
    }
    if let Err(failure) = delivery.deliver(&report, &estate.sources, target) {
        failed = failed.or(Some(failure));
    }
    let code = failed.as_ref().map_or_else(|| report.exit_code(), |failure| failure.code);
    let recorded = audit.map_or(0, |run| run.finish(&report, &estate.sources, code, &written, terminal));
    match failed {
        Some(failure) => Err(failure),
        None => Ok(worse(code, recorded)),
    }
}
