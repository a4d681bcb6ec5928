//! Probity: a policy-as-code compliance scanner.
//!
//! Bytes go in at one end, a judged and provable record comes out at the other. The modules, in the order in
//! which data flows; a module knows only those above it:
//!
//! | module | owns | deliberately absent |
//! |---|---|---|
//! | [`spelling`] | what was probably meant | any vocabulary |
//! | [`source`] | bytes, digests, places, what must not be shown | any idea of what the bytes mean |
//! | [`document`] | YAML, JSON and HCL values with a place for every key and scalar | Kubernetes, Terraform |
//! | [`finding`] | findings, severities, fingerprints | lines and columns |
//! | [`config`] | `probity.yaml` as types, validated | reading files, effects |
//! | [`resource`] | Kubernetes objects and planned Terraform resources, ids | relations between resources |
//! | [`estate`] | sets, and indexes over the resources of each | what resources mean together |
//! | [`cluster`] | live objects, read with patience and without Secrets, at once or in shards: the only module that names `kube` | what they mean, any write |
//! | [`facts`] | what an estate means, three-valued | judgement |
//! | [`fix`] | what a mechanical remedy changes in a text, proved by reading it again | which findings are fixed |
//! | [`policy`] | Rego: the only module that names `regorus` | waivers |
//! | [`baseline`] | findings of some day that do not count yet | who accepted them |
//! | [`waiver`] | what is accepted, by whom, until when | which findings there are |
//! | [`report`] | order, counts, outcome | printing |
//! | [`output`] | one file per format | decisions |
//! | [`audit`] | the append-only, hash-chained log | reports |
//! | [`scan`] | the pipeline as one page | arguments, terminals |
//! | [`cli`] | arguments, streams, exit codes: the only module that prints | judgement |

pub mod spelling;

pub mod source;

pub mod document;

pub mod finding;

pub mod config;

pub mod resource;

pub mod estate;

pub mod cluster;

pub mod facts;

pub mod fix;

pub mod policy;

pub mod baseline;

pub mod waiver;

pub mod report;

pub mod output;

pub mod audit;

pub mod scan;

pub mod cli;

#[cfg(test)]
mod published;
