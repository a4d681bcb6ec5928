//! Types of built-in functions, for calls that cannot be right: OPA's type checker refuses them, and this engine would
//! have them undefined, so that a rule would never say anything.
//!
//! Kinds after `opa capabilities` of OPA 1.22: `n`umber, `s`tring, `b`oolean, `a`rray, `o`bject, `S`et, null `z`, `*` any.
//! Deliberately absent: types of variables and references; whoever wants them runs `opa check`.

use regorus::unstable::Expr;

use crate::policy::builtins::written;

/// Why the arguments of a call cannot be right.
pub(super) fn problem(name: &str, arguments: &[regorus::unstable::Ref<Expr>]) -> Option<String> {
    let (_, wanted, _) = signature(name)?;
    wanted.split(' ').zip(arguments).enumerate().find_map(|(position, (wanted, argument))| {
        let given = kind(argument)?;
        let fits = wanted.contains('*') || given.chars().any(|kind| wanted.contains(kind));
        (!fits).then(|| {
            let name = written(name);
            format!("`{name}` wants {} as argument {}, not {}", words(wanted), position + 1, words(given))
        })
    })
}

fn signature(name: &str) -> Option<&'static (&'static str, &'static str, &'static str)> {
    let name = written(name);
    SIGNATURES.binary_search_by(|(known, ..)| (*known).cmp(name)).ok().and_then(|index| SIGNATURES.get(index))
}

/// What an expression is, where that can be read from itself.
fn kind(expression: &Expr) -> Option<&'static str> {
    match expression {
        Expr::String { .. } | Expr::RawString { .. } => Some("s"),
        Expr::Number { .. } => Some("n"),
        Expr::Bool { .. } => Some("b"),
        Expr::Null { .. } => Some("z"),
        Expr::Array { .. } | Expr::ArrayCompr { .. } => Some("a"),
        Expr::Object { .. } | Expr::ObjectCompr { .. } => Some("o"),
        Expr::Set { .. } | Expr::SetCompr { .. } => Some("S"),
        Expr::Call { fcn, .. } => {
            let (_, _, result) = signature(fcn.span().text())?;
            (*result != "*").then_some(*result)
        }
        _ => None,
    }
}

fn words(kinds: &str) -> String {
    let names = [
        ('n', "a number"),
        ('s', "a string"),
        ('b', "a boolean"),
        ('a', "an array"),
        ('o', "an object"),
        ('S', "a set"),
        ('z', "null"),
    ];
    let words: Vec<&str> =
        names.into_iter().filter(|(kind, _)| kinds.contains(*kind)).map(|(_, word)| word).collect();
    words.join(" or ")
}

/// Name, kinds of its arguments, kind of its result; sorted by name.
#[rustfmt::skip]
const SIGNATURES: &[(&str, &str, &str)] = &[
    ("abs", "n", "n"),
    ("array.concat", "a a", "a"),
    ("array.flatten", "a", "a"),
    ("array.reverse", "a", "a"),
    ("array.slice", "a n n", "a"),
    ("base64.decode", "s", "s"),
    ("base64.encode", "s", "s"),
    ("base64.is_valid", "s", "b"),
    ("base64url.decode", "s", "s"),
    ("base64url.encode", "s", "s"),
    ("base64url.encode_no_pad", "s", "s"),
    ("bits.and", "n n", "n"),
    ("bits.lsh", "n n", "n"),
    ("bits.negate", "n", "n"),
    ("bits.or", "n n", "n"),
    ("bits.rsh", "n n", "n"),
    ("bits.xor", "n n", "n"),
    ("ceil", "n", "n"),
    ("concat", "s Sa", "s"),
    ("contains", "s s", "b"),
    ("count", "Saos", "n"),
    ("crypto.hmac.equal", "s s", "b"),
    ("crypto.hmac.md5", "s s", "s"),
    ("crypto.hmac.sha1", "s s", "s"),
    ("crypto.hmac.sha256", "s s", "s"),
    ("crypto.hmac.sha512", "s s", "s"),
    ("crypto.md5", "s", "s"),
    ("crypto.sha1", "s", "s"),
    ("crypto.sha256", "s", "s"),
    ("endswith", "s s", "b"),
    ("floor", "n", "n"),
    ("format_int", "n n", "s"),
    ("glob.match", "s az s", "b"),
    ("glob.quote_meta", "s", "s"),
    ("graph.reachable", "o Sa", "S"),
    ("graph.reachable_paths", "o Sa", "S"),
    ("hex.decode", "s", "s"),
    ("hex.encode", "s", "s"),
    ("indexof", "s s", "n"),
    ("indexof_n", "s s", "a"),
    ("intersection", "S", "S"),
    ("is_array", "*", "b"),
    ("is_boolean", "*", "b"),
    ("is_null", "*", "b"),
    ("is_number", "*", "b"),
    ("is_object", "*", "b"),
    ("is_set", "*", "b"),
    ("is_string", "*", "b"),
    ("json.filter", "o Sa", "o"),
    ("json.is_valid", "s", "b"),
    ("json.marshal", "*", "s"),
    ("json.marshal_with_options", "* o", "s"),
    ("json.patch", "* a", "*"),
    ("json.remove", "o Sa", "o"),
    ("json.unmarshal", "s", "*"),
    ("lower", "s", "s"),
    ("max", "Sa", "*"),
    ("min", "Sa", "*"),
    ("net.cidr_contains", "s s", "b"),
    ("net.cidr_contains_matches", "Saos Saos", "S"),
    ("net.cidr_expand", "s", "S"),
    ("net.cidr_intersects", "s s", "b"),
    ("net.cidr_is_valid", "s", "b"),
    ("net.cidr_merge", "Sa", "S"),
    ("numbers.range", "n n", "a"),
    ("numbers.range_step", "n n n", "a"),
    ("object.filter", "o Sao", "o"),
    ("object.get", "o * *", "*"),
    ("object.keys", "o", "S"),
    ("object.remove", "o Sao", "o"),
    ("object.subset", "Sao Sao", "b"),
    ("object.union", "o o", "o"),
    ("object.union_n", "a", "o"),
    ("product", "Sa", "n"),
    ("rand.intn", "s n", "n"),
    ("regex.find_all_string_submatch_n", "s s n", "a"),
    ("regex.find_n", "s s n", "a"),
    ("regex.is_valid", "s", "b"),
    ("regex.match", "s s", "b"),
    ("regex.replace", "s s s", "s"),
    ("regex.split", "s s", "a"),
    ("regex.template_match", "s s s s", "b"),
    ("replace", "s s s", "s"),
    ("round", "n", "n"),
    ("semver.compare", "s s", "n"),
    ("semver.is_valid", "*", "b"),
    ("sort", "Sa", "a"),
    ("split", "s s", "a"),
    ("sprintf", "s a", "s"),
    ("startswith", "s s", "b"),
    ("strings.any_prefix_match", "Sas Sas", "b"),
    ("strings.any_suffix_match", "Sas Sas", "b"),
    ("strings.count", "s s", "n"),
    ("strings.replace_n", "o s", "s"),
    ("strings.reverse", "s", "s"),
    ("strings.split_n", "s s n", "a"),
    ("substring", "s n n", "s"),
    ("sum", "Sa", "n"),
    ("time.add_date", "n n n n", "n"),
    ("time.clock", "an", "a"),
    ("time.date", "an", "a"),
    ("time.diff", "an an", "a"),
    ("time.format", "an", "s"),
    ("time.now_ns", "", "n"),
    ("time.parse_duration_ns", "s", "n"),
    ("time.parse_ns", "s s", "n"),
    ("time.parse_rfc3339_ns", "s", "n"),
    ("time.weekday", "an", "s"),
    ("to_number", "bnsz", "n"),
    ("trim", "s s", "s"),
    ("trim_left", "s s", "s"),
    ("trim_prefix", "s s", "s"),
    ("trim_right", "s s", "s"),
    ("trim_space", "s", "s"),
    ("trim_suffix", "s s", "s"),
    ("type_name", "*", "s"),
    ("union", "S", "S"),
    ("units.parse", "s", "n"),
    ("units.parse_bytes", "s", "n"),
    ("upper", "s", "s"),
    ("urlquery.decode", "s", "s"),
    ("urlquery.decode_object", "s", "o"),
    ("urlquery.encode", "s", "s"),
    ("urlquery.encode_object", "o", "s"),
    ("yaml.is_valid", "s", "b"),
    ("yaml.unmarshal", "s", "*"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted() {
        assert!(SIGNATURES.is_sorted_by_key(|(name, ..)| *name));
    }
}
