//! Resources: Kubernetes objects and planned Terraform resources, with their ids.

pub mod credential;
mod kinds;
pub mod kubernetes;
pub mod shape;
pub mod terraform;
