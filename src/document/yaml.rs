//! YAML, read as Kubernetes reads it.
