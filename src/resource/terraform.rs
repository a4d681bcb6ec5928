//! Terraform plans (`terraform show -json`): one resource per planned end state.

/// One plan.
#[derive(Debug)]
pub struct Plan {}

impl Plan {
    pub fn incomplete(&self) -> Option<&'static str> {
        None
    }
}

/// What a JSON text holds if it is Terraform's.
pub(super) fn contents(
    _id: crate::source::SourceId,
    _source: &crate::source::Source,
) -> Option<super::contents::Contents> {
    None
}
