//! Resources: Kubernetes objects and planned Terraform resources, with their ids.

pub mod classification;
pub mod contents;
pub mod credential;
pub mod engine;
mod kinds;
pub mod kubernetes;
pub mod render;
pub mod shape;
pub mod terraform;
pub mod workload;
