//! Ways into a bucket: a policy or an ACL that grants something to everyone, and what blocks it.

use super::{
    access_policy::Access,
    planned::{Decided, Planned},
};
use crate::facts::{Fact, truth::Truth};

/// Something that may let everyone in.
#[derive(Debug, Clone)]
pub(in crate::facts) struct Way {
    /// `policy` or `acl`.
    pub(super) kind: &'static str,
    /// Address of the resource that grants.
    pub(super) resource: String,
    /// What grants, as it reads after `is readable by everyone: `.
    pub(super) what: String,
    /// `everyone`, or `every AWS account` and its like.
    pub(super) audience: &'static str,
    pub(super) access: Access,
    /// Whether it grants at all, whatever blocks it.
    pub(in crate::facts) granted: Decided,
    /// Whether the plan writes it: then blocks of new grants refuse it.
    pub(super) written: bool,
    /// What stands against it, by the name of the setting: each alone suffices.
    pub(super) blocks: Vec<(&'static str, Decided)>,
}

impl Way {
    /// A way that is shut, at a value of a resource.
    pub(in crate::facts) fn shut(kind: &'static str, resource: &Planned<'_>, granted: Decided) -> Self {
        Self {
            kind,
            resource: resource.address().to_owned(),
            what: String::new(),
            audience: "everyone",
            access: Access::default(),
            granted,
            written: resource.resource.is_written(),
            blocks: Vec::new(),
        }
    }

    /// Whether it lets everyone read, blocks considered.
    pub(super) fn receives(&self) -> Decided {
        let open = self.open();
        let only_writes = open.value == Truth::True && !self.access.read;
        if only_writes { Decided { value: Truth::False, ..open } } else { open }
    }

    /// Why it lets everyone in.
    pub(super) fn reason(&self) -> &str {
        &self.what
    }

    /// Whether it lets everyone in, blocks considered.
    pub(super) fn open(&self) -> Decided {
        self.blocks.iter().fold(self.granted.clone(), |open, (_, block)| open.and(&block.not()))
    }

    /// The setting that shuts a way that is granted.
    fn blocked_by(&self) -> Option<&(&'static str, Decided)> {
        self.blocks.iter().find(|(_, block)| block.value == Truth::True)
    }

    pub(super) fn fact(&self) -> Fact {
        let blocked_by = self.blocked_by();
        Fact::object([
            ("kind", Fact::from(self.kind)),
            ("resource", Fact::from(self.resource.as_str())),
            ("what", Fact::from(self.what.as_str())),
            ("audience", Fact::from(self.audience)),
            ("access", Fact::from(self.access.name())),
            (
                "blocked_by",
                blocked_by
                    .map_or_else(Fact::default, |(name, block)| Fact::from(*name).at(block.origin.clone())),
            ),
        ])
        .at(self.granted.origin.clone())
    }
}

impl AsMut<Decided> for Way {
    fn as_mut(&mut self) -> &mut Decided {
        &mut self.granted
    }
}

/// What ways come to: the fields of a bucket that all providers share.
pub(super) fn fields(ways: &[Way]) -> Vec<(&'static str, Fact)> {
    let nothing = Decided { value: Truth::False, origin: None, missing: Vec::new() };
    let any = |of: fn(&Way) -> Decided| {
        ways.iter().map(of).reduce(|one, other| one.or(&other)).unwrap_or_else(|| nothing.clone())
    };
    let public = any(Way::open);
    let intended = any(|way| way.granted.clone());
    let listed = |of: fn(&Way) -> bool| Fact::array(ways.iter().filter(|way| of(way)).map(Way::fact));
    let through = listed(|way| way.open().value == Truth::True);
    let blocked = listed(|way| way.granted.value == Truth::True && way.open().value == Truth::False);
    let granted = |kind: &str| {
        let ways = ways.iter().filter(|way| way.kind == kind).map(|way| way.granted.clone());
        ways.reduce(|one, other| one.or(&other)).map_or_else(Fact::default, |granted| granted.fact())
    };
    vec![
        ("public", public.fact()),
        ("intended_public", intended.fact()),
        ("public_policy", granted("policy")),
        ("public_acl", granted("acl")),
        ("public_through", through),
        ("blocked_through", blocked),
        ("missing", Fact::array(public.missing.into_iter().map(Fact::from))),
    ]
}
