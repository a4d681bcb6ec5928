//! Whether an access policy lets everyone in, and whether it refuses what comes without TLS.
//!
//! A statement that allows is public unless its principal is fixed or a condition pins a fixed value. Statements that
//! deny are passed over there: they never turn public into private, since what they leave open cannot be told.
//! Source: Amazon S3 User Guide, "Blocking public access to your Amazon S3 storage", "The meaning of public".

mod condition;
mod delegation;
pub(in crate::facts) mod pattern;
mod read;
mod transport;

use self::condition::Condition;
use self::pattern::Patterns;
pub(super) use self::{
    delegation::{AccessPoint, delegates},
    read::{from_json, from_policy_document},
    transport::refuses_plaintext,
};
use crate::{document::Step, facts::truth::Truth};

/// One statement of a policy, as far as it is known.
#[derive(Debug, Clone)]
pub(super) struct Statement {
    allows: Truth,
    principal: Principal,
    /// All must hold.
    conditions: Vec<Condition>,
    access: Access,
    actions: Patterns,
    resources: Patterns,
    /// Where it stands in what it was read from; empty where that has no places inside.
    at: Vec<Step>,
}

/// Whom a statement is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Principal {
    Fixed,
    /// `*`.
    Everyone,
    /// A pattern, or a policy variable.
    Open,
    AllBut,
    Unknown,
}

/// What may be done to a bucket's objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Access {
    pub(super) read: bool,
    pub(super) write: bool,
}

/// What a question about a whole policy comes to.
#[derive(Debug, Clone)]
pub(super) struct Judgement {
    pub(super) holds: Truth,
    /// What is allowed to everyone, where that was the question.
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
            Principal::Everyone | Principal::Open | Principal::AllBut => Truth::True,
            Principal::Unknown => Truth::Unknown,
        };
        let pinned = self.conditions.iter().map(Condition::pins).fold(Truth::False, Truth::or);
        self.allows.and(everyone).and(pinned.not())
    }
}

/// Whether the statements of a policy let everyone in.
pub(super) fn is_public(statements: &[Statement]) -> Judgement {
    let judged = || statements.iter().map(|statement| (statement, statement.public()));
    let public = judged().map(|(_, public)| public).fold(Truth::False, Truth::or);
    let deciding = judged().find(|(_, verdict)| *verdict == public && public != Truth::False);
    let open = judged().filter(|(_, verdict)| *verdict == Truth::True);
    let principal = deciding.map(|(statement, _)| statement.principal);
    Judgement {
        holds: public,
        access: open.fold(Access::default(), |access, (statement, _)| access.with(statement.access)),
        principal: if principal == Some(Principal::AllBut) { "NotPrincipal" } else { "Principal \"*\"" },
        at: deciding.map(|(statement, _)| statement.at.clone()).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests;
