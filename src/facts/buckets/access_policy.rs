//! Whether an access policy lets everyone in.
//!
//! A statement that allows is public unless its principal is fixed or a condition pins a fixed value. Statements that
//! deny are passed over: they never turn public into private here, since what they leave open cannot be told.
//! Source: Amazon S3 User Guide, "Blocking public access to your Amazon S3 storage", "The meaning of public".

mod condition;
mod read;

use self::condition::Condition;
pub(super) use self::read::{from_json, from_policy_document};
use crate::{document::Step, facts::truth::Truth};

/// One statement of a policy, as far as it is known.
#[derive(Debug, Clone)]
pub(super) struct Statement {
    allows: Truth,
    principal: Principal,
    /// All must hold.
    conditions: Vec<Condition>,
    access: Access,
    /// Where it stands in what it was read from; empty where that has no places inside.
    at: Vec<Step>,
}

/// Whom a statement is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Principal {
    Fixed,
    Everyone,
    AllBut,
    Unknown,
}

/// What may be done to a bucket's objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Access {
    pub(super) read: bool,
    pub(super) write: bool,
}

/// What a whole policy does.
#[derive(Debug, Clone)]
pub(super) struct Opening {
    pub(super) public: Truth,
    /// What is allowed to everyone.
    pub(super) access: Access,
    /// `Principal "*"` or `NotPrincipal`, where it is public.
    pub(super) principal: &'static str,
    /// Where the first statement stands that decides.
    pub(super) at: Vec<Step>,
}

impl Access {
    pub(super) const READ: Self = Self { read: true, write: false };
    pub(super) const WRITE: Self = Self { read: false, write: true };
    pub(super) const BOTH: Self = Self { read: true, write: true };

    pub(super) fn with(self, other: Self) -> Self {
        Self { read: self.read || other.read, write: self.write || other.write }
    }

    pub(super) fn name(self) -> &'static str {
        match (self.read, self.write) {
            (true, false) => "read",
            (false, true) => "write",
            _ => "read-write",
        }
    }
}

impl Statement {
    fn public(&self) -> Truth {
        let everyone = match self.principal {
            Principal::Fixed => Truth::False,
            Principal::Everyone | Principal::AllBut => Truth::True,
            Principal::Unknown => Truth::Unknown,
        };
        let pinned = self.conditions.iter().map(Condition::pins).fold(Truth::False, Truth::or);
        self.allows.and(everyone).and(pinned.not())
    }
}

/// What the statements of a policy do together.
pub(super) fn judge(statements: &[Statement]) -> Opening {
    let judged = || statements.iter().map(|statement| (statement, statement.public()));
    let public = judged().map(|(_, public)| public).fold(Truth::False, Truth::or);
    let deciding = judged().find(|(_, verdict)| *verdict == public && public != Truth::False);
    let open = judged().filter(|(_, verdict)| *verdict == Truth::True);
    let principal = deciding.map(|(statement, _)| statement.principal);
    Opening {
        public,
        access: open.fold(Access::default(), |access, (statement, _)| access.with(statement.access)),
        principal: if principal == Some(Principal::AllBut) { "NotPrincipal" } else { "Principal \"*\"" },
        at: deciding.map(|(statement, _)| statement.at.clone()).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests;
