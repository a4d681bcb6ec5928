//! Resources: Kubernetes objects and planned Terraform resources, with their ids.

pub mod terraform;
