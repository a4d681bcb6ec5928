//! Resources: Kubernetes objects and planned Terraform resources, with their ids.

pub mod chart_values;
pub mod cidr;
pub mod classification;
pub mod client;
pub mod cloud_endpoint;
pub mod connection;
pub mod contents;
pub mod credential;
pub mod engine;
pub mod format;
pub(crate) mod kinds;
pub mod kubernetes;
pub mod kustomization;
pub mod render;
pub mod selector;
pub mod shape;
pub mod template;
pub mod terraform;
pub mod words;
pub mod workload;
pub mod xml;
