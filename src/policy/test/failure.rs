//! Which expression of a failed test did not hold: its body is evaluated again, one statement longer each time.

use std::sync::Arc;

use regorus::{Value, unstable::Rule};

use super::{Expression, end_of, mock::Mocks, new_engine, start_of};
use crate::policy::{
    guarded,
    load::{PolicyFile, add, prepare},
};

/// The first statement of a test's body that is not true; `None` where the body cannot be taken apart. `wrapped` are
/// the files with their mocks wrapped.
pub(super) fn failing(
    files: &[PolicyFile],
    wrapped: &[PolicyFile],
    mocks: &Mocks,
    data: &Value,
    (file, test, line): (&Arc<str>, &str, u32),
) -> Option<Expression> {
    let by_name = |files: &[PolicyFile]| files.iter().find(|candidate| candidate.name == *file).cloned();
    let (original, tested) = (by_name(files)?, by_name(wrapped)?);
    let cuts = statements(&tested, line)?;
    let end = cuts.last()?.1;
    for ((start, stop, line), (_, cut, _)) in statements(&original, line)?.into_iter().zip(cuts) {
        let (kept, rest) = (tested.text.get(..cut)?, tested.text.get(end..)?);
        let shortened = PolicyFile { text: format!("{kept}{rest}").into(), ..tested.clone() };
        let (mut parser, mut engine) = (new_engine(), new_engine());
        mocks.install(&mut engine);
        drop(engine.add_data(data.clone()));
        for other in wrapped {
            let other = if other.name == *file { &shortened } else { other };
            drop(prepare(&mut parser, other).and_then(|other| add(&mut engine, &other)));
        }
        if matches!(guarded::eval_rule(&mut engine, test.to_owned()), Ok(value) if value != Value::Bool(true))
        {
            return Some(Expression { line, text: original.text.get(start..stop)?.to_owned() });
        }
    }
    None
}

/// Bytes and line of each statement of the rule that starts in a line.
fn statements(file: &PolicyFile, line: u32) -> Option<Vec<(usize, usize, u32)>> {
    let mut engine = new_engine();
    engine.add_policy(file.name.to_string(), file.text.to_string()).ok()?;
    let modules = engine.get_modules();
    let rules = modules.iter().flat_map(|module| &module.policy);
    let rule = rules.into_iter().find(|rule| rule.span().line == line)?;
    let Rule::Spec { bodies, .. } = &**rule else { return None };
    let [body] = bodies.as_slice() else { return None };
    let spans = body.query.stmts.iter().map(|statement| {
        let span = &statement.span;
        let start = start_of(&file.text, span.start as usize);
        let text = file.text.get(start..end_of(&file.text, span.end as usize)).unwrap_or_default();
        (start, start + text.trim_end().len(), span.line)
    });
    Some(spans.collect())
}
