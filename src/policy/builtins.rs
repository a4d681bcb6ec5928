//! Functions of Rego that the engine does not have, or that it answers otherwise than OPA.
//!
//! One file for each family, one line in its table for each function. Deliberately absent: whatever reaches the
//! network, the environment or files outside of the tree, so that a policy that uses it is refused when it is loaded.

mod configuration;
mod crypto;
mod expression;
mod format;
mod legacy;
mod network;
mod number;
mod string;
mod structure;
mod term;
mod time;
mod version;

use std::sync::Arc;

use regorus::{Engine, Value, value::Array};

pub use configuration::{ReadError, ReadFile};

/// What a policy calls, and what is called instead: an engine prefers its own functions to those of its host, and some of
/// them panic, reserve memory for whatever they are asked for, or answer otherwise than OPA. Both names are of one length,
/// so that columns stay.
const SUBSTITUTES: [(&str, &str); 20] = [
    ("bits.lsh", "bits.shl"),
    ("indexof", "indexed"),
    ("indexof_n", "indexed_n"),
    ("net.cidr_expand", "net.cidr_listed"),
    ("numbers.range", "numbers.array"),
    ("numbers.range_step", "numbers.array_step"),
    ("object.subset", "object.within"),
    ("regex.find_all_string_submatch_n", "go_re.find_all_string_submatch_n"),
    ("regex.find_n", "go_re.find_n"),
    ("regex.is_valid", "go_re.is_valid"),
    ("regex.match", "go_re.match"),
    ("regex.replace", "go_re.replace"),
    ("regex.split", "go_re.split"),
    ("semver.compare", "semver.ordered"),
    ("semver.is_valid", "semver.accepted"),
    ("strings.count", "strings.tally"),
    ("strings.replace_n", "strings.exchanged"),
    ("time.add_date", "time.moved_on"),
    ("time.parse_duration_ns", "time.duration_in_nanos"),
    ("to_number", "as_number"),
];

/// What is called where a policy calls this, if that is another function.
pub(super) fn substitute(name: &str) -> Option<&'static str> {
    SUBSTITUTES.iter().find(|(called, _)| *called == name).map(|(_, instead)| *instead)
}

/// What a policy calls where this is called instead.
pub(super) fn written(name: &str) -> &str {
    SUBSTITUTES.iter().find(|(_, instead)| *instead == name).map_or(name, |(called, _)| called)
}

/// Elements of the largest list that a function makes from two numbers or a network: more than any in a manifest.
const MOST_ELEMENTS: u64 = 1_000_000;

/// How a failing built-in ends: OPA's default is an undefined value, ours is an error of the policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Errors {
    /// As for policies with a selector.
    Strict,
    /// As for policies of Conftest.
    Lenient,
}

/// Why a function has no value.
#[derive(Debug)]
enum Fault {
    /// OPA fails as well: undefined where errors are lenient.
    Call(String),
    /// OPA or Conftest would have a value and this host has none: never undefined.
    Host(String),
}

impl From<String> for Fault {
    fn from(message: String) -> Self {
        Self::Call(message)
    }
}

impl From<&str> for Fault {
    fn from(message: &str) -> Self {
        Self::Call(message.to_owned())
    }
}

type Call = fn(&[Value]) -> Result<Value, Fault>;

/// Name, number of arguments, and what computes it.
type Function = (&'static str, u8, Call);

const FAMILIES: [&[Function]; 10] = [
    crypto::FUNCTIONS,
    expression::FUNCTIONS,
    format::FUNCTIONS,
    network::FUNCTIONS,
    number::FUNCTIONS,
    string::FUNCTIONS,
    structure::FUNCTIONS,
    time::FUNCTIONS,
    version::FUNCTIONS,
    configuration::FUNCTIONS,
];

/// Number of arguments of a function that policies of this dialect may call; `None` where there is no such function.
pub(super) fn arity(name: &str, v0: bool) -> Option<u8> {
    let legacy: &[Function] = if v0 { legacy::FUNCTIONS } else { &[] };
    let host = configuration::HOST_FUNCTIONS.iter().map(|(name, arity, _)| (*name, *arity));
    let known = FAMILIES.iter().copied().flatten().chain(legacy).map(|(name, arity, _)| (*name, *arity));
    known.chain(host).find(|(known, _)| *known == name).map(|(_, arity)| arity)
}

/// Adds all functions to an engine. Without `read`, no policy can read a file.
pub(super) fn register(engine: &mut Engine, errors: Errors, read: Option<&ReadFile>) {
    for (name, arity, call) in FAMILIES.iter().copied().flatten().chain(legacy::FUNCTIONS) {
        add(engine, name, *arity, errors, *call);
    }
    for (name, arity, call) in configuration::HOST_FUNCTIONS {
        let read = read.map(Arc::clone);
        add(engine, name, arity, errors, move |arguments| call(arguments, read.as_ref()));
    }
}

fn add(
    engine: &mut Engine,
    name: &str,
    arity: u8,
    errors: Errors,
    call: impl Fn(&[Value]) -> Result<Value, Fault> + Clone + Send + Sync + 'static,
) {
    let label = written(name).to_owned();
    let extension = move |arguments: Vec<Value>| -> anyhow::Result<Value> {
        match call(&arguments) {
            Ok(value) => Ok(value),
            Err(Fault::Call(_)) if errors == Errors::Lenient => Ok(Value::Undefined),
            Err(Fault::Call(message) | Fault::Host(message)) => Err(anyhow::anyhow!("`{label}`: {message}")),
        }
    };
    engine
        .add_extension(name.to_owned(), arity, Box::new(extension))
        .expect("the tables name each function once");
}

/// The string at a position.
fn text(arguments: &[Value], position: usize) -> Result<&str, Fault> {
    match arguments.get(position) {
        Some(Value::String(text)) => Ok(text),
        _ => Err(format!("argument {} is no string", position + 1).into()),
    }
}

/// The elements of the array at a position.
fn array(arguments: &[Value], position: usize) -> Result<&Array, Fault> {
    match arguments.get(position) {
        Some(Value::Array(items)) => Ok(items),
        _ => Err(format!("argument {} is no array", position + 1).into()),
    }
}

/// The elements of the array or set at a position.
fn elements(arguments: &[Value], position: usize) -> Result<Vec<&Value>, Fault> {
    match arguments.get(position) {
        Some(Value::Array(items)) => Ok(items.iter().collect()),
        Some(Value::Set(items)) => Ok(items.iter().collect()),
        _ => Err(format!("argument {} is neither an array nor a set", position + 1).into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_in_policies_stay() {
        for (called, instead) in SUBSTITUTES {
            assert_eq!(called.len(), instead.len());
            assert!(arity(instead, false).is_some(), "{instead}");
        }
    }

    /// What a rule has for an expression, as a scan loads it.
    fn value(expression: &str) -> String {
        let substituted = SUBSTITUTES.iter().rev().fold(expression.to_owned(), |text, (called, instead)| {
            text.replace(&format!("{called}("), &format!("{instead}("))
        });
        let mut engine = Engine::new();
        register(&mut engine, Errors::Lenient, None);
        engine.add_policy("a.rego".into(), format!("package a\nr := {substituted}\n")).unwrap();
        engine.eval_rule("data.a.r".into()).map_or_else(|error| error.to_string(), |value| value.to_string())
    }

    #[test]
    fn odd_values_have_the_values_of_opa() {
        for (expression, expected) in [
            ("strings.count(\"aaa\", \"\")", "4"),
            ("strings.count(\"aaa\", \"aa\")", "1"),
            ("strings.count(\"\", \"a\")", "0"),
            ("object.subset([1], [])", "true"),
            ("object.subset([1, 2, 3], [2, 3])", "true"),
            ("object.subset([1, 2, 3], [1, 3])", "false"),
            ("object.subset({1, 2}, {2})", "true"),
            ("object.subset([1, 2], {2, 1})", "true"),
            ("object.subset({\"a\": {\"b\": 1, \"c\": 2}}, {\"a\": {\"c\": 2}})", "true"),
            ("object.subset({\"a\": 1}, {\"a\": 2})", "false"),
            ("object.subset({\"a\": 1}, [1])", "\"<undefined>\""),
            ("net.cidr_expand(\"10.0.0.1/31\")", "[\"10.0.0.0\",\"10.0.0.1\"]"),
            ("net.cidr_expand(\"x\")", "\"<undefined>\""),
            ("indexof(\"abc\", \"\")", "\"<undefined>\""),
            ("indexof(\"aéb\", \"b\")", "2"),
            ("indexof(\"abc\", \"x\")", "-1"),
            ("indexof_n(\"ababa\", \"aba\")", "[0,2]"),
            ("indexof_n(\"abc\", \"x\")", "[]"),
            ("strings.replace_n({\"a\": \"b\", \"b\": \"c\"}, \"ab\")", "\"bc\""),
            ("strings.replace_n({\"a\": \"1\", \"ab\": \"2\"}, \"abb\")", "\"1bb\""),
            ("strings.replace_n({\"\": \"-\", \"b\": \"x\"}, \"ab\")", "\"-a-x-\""),
            ("to_number(\" 1\")", "\"<undefined>\""),
            ("to_number(\"+1\")", "1"),
            ("to_number(\".5\")", "0.5"),
            ("to_number(\"5.\")", "5"),
            ("to_number(\"-1e3\")", "-1000"),
            ("to_number(\"0x10\")", "\"<undefined>\""),
            ("to_number(\"inf\")", "\"<undefined>\""),
            ("to_number(true)", "1"),
            ("to_number(null)", "0"),
            ("semver.compare(\"v1.2.3\", \"1.2.4\")", "-1"),
            ("semver.is_valid(1)", "false"),
            ("regex.replace(\"a1b22\", `\\d+`, \"<$0>\")", "\"a<1>b<22>\""),
            ("regex.find_n(\"a\", \"aaa\", 2)", "[\"a\",\"a\"]"),
            (
                "regex.find_all_string_submatch_n(`(a)(b)?`, \"aab\", -1)",
                "[[\"a\",\"a\",\"\"],[\"ab\",\"a\",\"b\"]]",
            ),
            ("time.add_date(1730332800000000000, 0, 1, 0)", "1733011200000000000"),
            ("time.parse_duration_ns(\"1d\")", "86400000000000"),
        ] {
            assert_eq!(value(expression), expected, "{expression}");
        }
        for network in ["0.0.0.0/0", "10.0.0.0/8", "::/0"] {
            assert!(
                value(&format!("net.cidr_expand(\"{network}\")")).contains("more than 1000000 addresses")
            );
        }
    }
}
