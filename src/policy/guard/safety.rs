//! Variables that nothing binds. OPA's compiler refuses them; this engine does not notice all of them, so that a misspelt
//! name would leave a rule undefined for ever.
//!
//! As OPA does it (`outputVarsForExpr` and `Unify` of its compiler), but for the order of statements and for declarations
//! that hide others: what binds a name in a query or around it binds it for the whole query.

use std::collections::BTreeSet;

use regorus::unstable::{BUILTINS, Expr, Literal, LiteralStmt, Rule, RuleHead, Span};

use crate::policy::syntax::reference;

/// What names mean outside of a rule.
pub(super) struct Names<'m> {
    /// `input`, `data`, imports and the rules of the package.
    pub(super) known: &'m BTreeSet<String>,
    /// Number of arguments of a function; one more argument is its result. `None` for a function that is not known.
    pub(super) arity: &'m dyn Fn(&str) -> Option<usize>,
}

type Bound = BTreeSet<String>;

/// A variable of the rule that has no value whatever the input: the first one, as it stands in the text.
pub(super) fn unbound<'r>(rule: &'r Rule, names: &Names<'_>) -> Option<&'r Span> {
    let Rule::Spec { head, bodies, .. } = rule else { return None };
    let (RuleHead::Compr { refr, .. } | RuleHead::Set { refr, .. } | RuleHead::Func { refr, .. }) = head;
    let mut bound = Bound::new();
    let mut shared = Vec::new();
    brackets(refr, &mut shared);
    let value = match head {
        RuleHead::Set { key, .. } => key.as_deref(),
        RuleHead::Compr { assign, .. } => assign.as_ref().map(|assign| &*assign.value),
        RuleHead::Func { args, assign, .. } => {
            for argument in args {
                pattern(argument, &mut bound);
                shared.push(argument);
            }
            assign.as_ref().map(|assign| &*assign.value)
        }
    };
    let terms = |value: Option<&'r Expr>| shared.iter().copied().chain(value).collect::<Vec<_>>();
    if bodies.is_empty() {
        return names.query(&terms(value), &[], &bound);
    }
    bodies.iter().find_map(|body| {
        let own = body.assign.as_ref().map(|assign| &*assign.value);
        let value = if body.is_else { own } else { own.or(value) };
        names.query(&terms(value), &body.query.stmts, &bound)
    })
}

/// What stands in the brackets of a head.
fn brackets<'e>(head: &'e Expr, found: &mut Vec<&'e Expr>) {
    match head {
        Expr::RefDot { refr, .. } => brackets(refr, found),
        Expr::RefBrack { refr, index, .. } => {
            brackets(refr, found);
            found.push(index);
        }
        _ => {}
    }
}

/// Names that a pattern binds; keys of objects and members of sets are compared, not bound.
fn pattern(expression: &Expr, bound: &mut Bound) {
    match expression {
        Expr::Var { span, .. } => drop(bound.insert(span.text().to_owned())),
        Expr::Array { items, .. } => items.iter().for_each(|item| pattern(item, bound)),
        Expr::Object { fields, .. } => fields.iter().for_each(|(_, _, value)| pattern(value, bound)),
        _ => {}
    }
}

/// What a reference starts with.
fn root(expression: &Expr) -> &Expr {
    match expression {
        Expr::RefDot { refr, .. } | Expr::RefBrack { refr, .. } => root(refr),
        _ => expression,
    }
}

impl Names<'_> {
    /// The first unbound variable of statements and of what is made from each of their answers.
    fn query<'e>(
        &self,
        terms: &[&'e Expr],
        statements: &'e [LiteralStmt],
        outer: &Bound,
    ) -> Option<&'e Span> {
        let mut bound = outer.clone();
        loop {
            let before = bound.len();
            statements.iter().for_each(|statement| self.bind(statement, &mut bound));
            terms.iter().for_each(|term| self.outputs(term, &mut bound));
            if bound.len() == before {
                break;
            }
        }
        let of_statements = statements.iter().find_map(|statement| self.statement(statement, &bound));
        of_statements.or_else(|| terms.iter().find_map(|term| self.needed(term, &bound)))
    }

    fn bind(&self, statement: &LiteralStmt, bound: &mut Bound) {
        match &statement.literal {
            Literal::SomeVars { .. } | Literal::NotExpr { .. } => {}
            Literal::SomeIn { key, value, collection, .. } => {
                self.outputs(collection, bound);
                if self.is_safe(collection, bound) {
                    key.iter().chain([value]).for_each(|part| pattern(part, bound));
                }
            }
            Literal::Expr { expr, .. } => match &**expr {
                Expr::AssignExpr { lhs, rhs, .. } => self.unify(lhs, rhs, bound),
                Expr::Call { fcn, params, .. } => {
                    self.outputs(expr, bound);
                    if let Some((result, arguments)) = params.split_last()
                        && (self.arity)(fcn.span().text()).is_none_or(|arity| arity == arguments.len())
                        && arguments.iter().all(|argument| self.is_safe(argument, bound))
                    {
                        pattern(result, bound);
                    }
                }
                expression => self.outputs(expression, bound),
            },
            Literal::Every { domain, .. } => self.outputs(domain, bound),
        }
        statement.with_mods.iter().for_each(|modifier| self.outputs(&modifier.r#as, bound));
    }

    fn unify(&self, left: &Expr, right: &Expr, bound: &mut Bound) {
        match (left, right) {
            (Expr::Array { items: left, .. }, Expr::Array { items: right, .. })
                if left.len() == right.len() =>
            {
                left.iter().zip(right).for_each(|(left, right)| self.unify(left, right, bound));
            }
            (Expr::Object { fields: left, .. }, Expr::Object { fields: right, .. }) => {
                for (_, key, value) in left {
                    let text = key.span().text();
                    let same = right.iter().find(|(_, other, _)| other.span().text() == text);
                    same.iter().for_each(|(_, _, other)| self.unify(value, other, bound));
                }
            }
            _ => {
                self.outputs(left, bound);
                self.outputs(right, bound);
                if self.is_safe(right, bound) {
                    pattern(left, bound);
                }
                if self.is_safe(left, bound) {
                    pattern(right, bound);
                }
            }
        }
    }

    /// Binds what references iterate over: `i` of `xs[i]`, wherever it stands, but not inside of comprehensions.
    fn outputs(&self, expression: &Expr, bound: &mut Bound) {
        match expression {
            Expr::RefDot { refr, .. } => self.outputs(refr, bound),
            Expr::RefBrack { refr, index, .. } => {
                self.outputs(refr, bound);
                if self.is_safe(root(refr), bound) {
                    pattern(index, bound);
                }
                self.outputs(index, bound);
            }
            Expr::Call { params: items, .. } | Expr::Array { items, .. } | Expr::Set { items, .. } => {
                items.iter().for_each(|item| self.outputs(item, bound));
            }
            Expr::Object { fields, .. } => fields.iter().for_each(|(_, key, value)| {
                self.outputs(key, bound);
                self.outputs(value, bound);
            }),
            Expr::UnaryExpr { expr, .. } => self.outputs(expr, bound),
            Expr::BinExpr { lhs, rhs, .. }
            | Expr::BoolExpr { lhs, rhs, .. }
            | Expr::ArithExpr { lhs, rhs, .. }
            | Expr::AssignExpr { lhs, rhs, .. } => {
                self.outputs(lhs, bound);
                self.outputs(rhs, bound);
            }
            Expr::Membership { key, value, collection, .. } => {
                key.iter().chain([value, collection]).for_each(|part| self.outputs(part, bound));
            }
            _ => {}
        }
    }

    fn statement<'e>(&self, statement: &'e LiteralStmt, bound: &Bound) -> Option<&'e Span> {
        let found = match &statement.literal {
            Literal::SomeVars { .. } => None,
            Literal::SomeIn { key, value, collection, .. } => {
                [collection, value].into_iter().chain(key).find_map(|part| self.needed(part, bound))
            }
            Literal::Expr { expr, .. } | Literal::NotExpr { expr, .. } => self.needed(expr, bound),
            Literal::Every { key, value, domain, query, .. } => self.needed(domain, bound).or_else(|| {
                let mut inner = bound.clone();
                inner.extend(key.iter().chain([value]).map(|name| name.text().to_owned()));
                self.query(&[], &query.stmts, &inner)
            }),
        };
        found.or_else(|| {
            let values = statement.with_mods.iter().map(|modifier| &*modifier.r#as);
            // A function may stand for another.
            let mut values = values.filter(|value| !BUILTINS.contains_key(&*reference(value.span().text())));
            values.find_map(|value| self.needed(value, bound))
        })
    }

    fn is_safe(&self, expression: &Expr, bound: &Bound) -> bool {
        self.needed(expression, bound).is_none()
    }

    /// The first variable of an expression that has no value.
    fn needed<'e>(&self, expression: &'e Expr, bound: &Bound) -> Option<&'e Span> {
        match expression {
            Expr::Var { span, .. } => {
                let name = span.text();
                let is_bound = name == "_" || bound.contains(name) || self.known.contains(name);
                (!is_bound).then_some(span)
            }
            Expr::ArrayCompr { term, query, .. } | Expr::SetCompr { term, query, .. } => {
                self.query(&[term], &query.stmts, bound)
            }
            Expr::ObjectCompr { key, value, query, .. } => self.query(&[key, value], &query.stmts, bound),
            Expr::RefDot { refr, .. } => self.needed(refr, bound),
            Expr::RefBrack { refr, index, .. } => {
                self.needed(refr, bound).or_else(|| self.needed(index, bound))
            }
            Expr::Call { params: items, .. } | Expr::Array { items, .. } | Expr::Set { items, .. } => {
                items.iter().find_map(|item| self.needed(item, bound))
            }
            Expr::Object { fields, .. } => fields
                .iter()
                .find_map(|(_, key, value)| self.needed(key, bound).or_else(|| self.needed(value, bound))),
            Expr::UnaryExpr { expr, .. } => self.needed(expr, bound),
            Expr::BinExpr { lhs, rhs, .. }
            | Expr::BoolExpr { lhs, rhs, .. }
            | Expr::ArithExpr { lhs, rhs, .. } => self.needed(lhs, bound).or_else(|| self.needed(rhs, bound)),
            // The left side is unbound for the sake of the right one.
            Expr::AssignExpr { lhs, rhs, .. } => self.needed(rhs, bound).or_else(|| self.needed(lhs, bound)),
            Expr::Membership { key, value, collection, .. } => {
                key.iter().chain([value, collection]).find_map(|part| self.needed(part, bound))
            }
            _ => None,
        }
    }
}
