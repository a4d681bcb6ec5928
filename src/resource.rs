//! Resources: Kubernetes objects and planned Terraform resources, with their ids.

mod kinds;
pub mod kubernetes;
pub mod terraform;
