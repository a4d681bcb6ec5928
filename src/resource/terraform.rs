//! Terraform plans (`terraform show -json`): one resource per planned end state.
