//! Terraform plans (`terraform show -json`): one resource per planned end state.

/// One plan.
#[derive(Debug)]
pub struct Plan {}
