//! Evaluation that outlives the engine: some of regorus's own functions panic on odd values (an empty string to
//! `time.parse_ns`, say). One value must not hide the findings about all others.

use std::{
    cell::Cell,
    panic::{self, AssertUnwindSafe},
    sync::Once,
};

use regorus::{Engine, Value};

/// How the message begins that says that the engine failed.
pub(super) const FAILED: &str = "the engine of Rego failed";

thread_local! {
    /// Whether this thread evaluates; a panic's message may hold values of the input.
    static EVALUATES: Cell<bool> = const { Cell::new(false) };
}

/// Evaluates a rule. After an error that begins with [`FAILED`], the engine's state cannot be relied on.
///
/// # Errors
/// What the engine says, or that it panicked.
pub(super) fn eval_rule(engine: &mut Engine, rule: String) -> Result<Value, String> {
    guarded(|| engine.eval_rule(rule))
}

/// Evaluates a reference to whatever rules make; undefined where they make nothing.
///
/// # Errors
/// As [`eval_rule`].
pub(super) fn eval_reference(engine: &mut Engine, reference: String) -> Result<Value, String> {
    guarded(|| {
        let results = engine.eval_query(reference, false)?.result.into_iter();
        Ok(results.flat_map(|result| result.expressions).next().map_or(Value::Undefined, |one| one.value))
    })
}

fn guarded(evaluate: impl FnOnce() -> anyhow::Result<Value>) -> Result<Value, String> {
    static QUIET: Once = Once::new();
    QUIET.call_once(|| {
        let hook = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !EVALUATES.get() {
                hook(info);
            }
        }));
    });
    let before = EVALUATES.replace(true);
    let result = panic::catch_unwind(AssertUnwindSafe(evaluate));
    EVALUATES.set(before);
    match result {
        Ok(result) => result.map_err(|error| error.to_string()),
        Err(_) => Err(format!(
            "{FAILED} on a value of this subject, in one of its own functions; look at which one the rule gives an \
             empty or odd value, and test for that first"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn evaluated(body: &str) -> Result<Value, String> {
        let mut engine = Engine::new();
        engine.add_policy("a.rego".into(), format!("package a\nr := {body}\n")).unwrap();
        eval_rule(&mut engine, "data.a.r".into())
    }

    #[test]
    fn a_panic_of_the_engine_is_an_error() {
        assert!(evaluated("strings.count(\"a\", \"\")").unwrap_err().starts_with(FAILED));
        assert_eq!(evaluated("strings.count(\"aa\", \"a\")"), Ok(Value::from(2)));
    }
}
