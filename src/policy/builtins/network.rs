//! `net.cidr_*` that the engine lacks, with the rules of Go's `net` package.

use std::{
    collections::BTreeSet,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use ipnet::{IpNet, Ipv4Net, Ipv4Subnets, Ipv6Subnets};
use regorus::Value;

use super::{Fault, Function, MOST_ELEMENTS, elements, text};

pub(super) const FUNCTIONS: &[Function] = &[
    ("net.cidr_listed", 1, |arguments| listed(network(text(arguments, 0)?)?)),
    ("net.cidr_intersects", 2, intersects),
    ("net.cidr_contains_matches", 2, contains_matches),
    ("net.cidr_merge", 1, merge),
];

fn network(text: &str) -> Result<IpNet, Fault> {
    text.parse::<IpNet>().map(|network| network.trunc()).map_err(|_| format!("`{text}` is no CIDR").into())
}

fn intersects(arguments: &[Value]) -> Result<Value, Fault> {
    let (a, b) = (network(text(arguments, 0)?)?, network(text(arguments, 1)?)?);
    Ok(Value::from(a.contains(&b.network()) || b.contains(&a.network())))
}

/// All addresses of a network, the first and the last one included.
fn listed(network: IpNet) -> Result<Value, Fault> {
    let bits = network.max_prefix_len() - network.prefix_len();
    if 1_u64.checked_shl(bits.into()).is_none_or(|count| count > MOST_ELEMENTS) {
        return Err(Fault::Host(format!("`{network}` has more than {MOST_ELEMENTS} addresses")));
    }
    let texts: BTreeSet<Value> = match network {
        IpNet::V4(network) => (u32::from(network.network())..=u32::from(network.broadcast()))
            .map(|address| Value::from(Ipv4Addr::from(address).to_string()))
            .collect(),
        IpNet::V6(network) => (u128::from(network.network())..=u128::from(network.broadcast()))
            .map(|address| Value::from(Ipv6Addr::from(address).to_string()))
            .collect(),
    };
    Ok(Value::from(texts))
}

/// Whether a network holds an address or another network.
pub(super) fn contains(network: &str, other: &str) -> Result<bool, Fault> {
    let network = self::network(network)?;
    if let Ok(address) = other.parse::<IpAddr>() {
        return Ok(network.contains(&address));
    }
    Ok(network.contains(&self::network(other)?))
}

/// Pairs of what `contains`, each named by its text, its index or its key.
fn contains_matches(arguments: &[Value]) -> Result<Value, Fault> {
    let networks = operand(arguments.first())?;
    let others = operand(arguments.get(1))?;
    let mut matches = BTreeSet::new();
    for (network, name) in &networks {
        for (other, other_name) in &others {
            if contains(network, other)? {
                matches.insert(Value::from(vec![name.clone(), other_name.clone()]));
            }
        }
    }
    Ok(Value::from(matches))
}

fn operand(value: Option<&Value>) -> Result<Vec<(String, Value)>, Fault> {
    let entry = |value: &Value, name: Value| -> Result<(String, Value), Fault> {
        let text = match value {
            Value::Array(items) => items.first(),
            other => Some(other),
        };
        match text {
            Some(Value::String(text)) => Ok((text.to_string(), name)),
            _ => Err("an element is neither a string nor an array that starts with one".into()),
        }
    };
    match value {
        Some(text @ Value::String(_)) => Ok(vec![entry(text, text.clone())?]),
        Some(Value::Array(items)) => {
            items.iter().enumerate().map(|(index, item)| entry(item, Value::from(index))).collect()
        }
        Some(Value::Set(items)) => items.iter().map(|item| entry(item, item.clone())).collect(),
        Some(Value::Object(fields)) => fields.iter().map(|(key, item)| entry(item, key.clone())).collect(),
        _ => Err("an operand is no string, array, set or object".into()),
    }
}

/// The fewest networks that hold the same addresses; an address without a length has that of its class.
fn merge(arguments: &[Value]) -> Result<Value, Fault> {
    let (mut v4, mut v6) = (Vec::new(), Vec::new());
    for element in elements(arguments, 0)? {
        let Value::String(text) = element else { return Err("an element is no string".into()) };
        match text.parse::<IpAddr>() {
            Ok(IpAddr::V4(address)) => v4.push(of_class(address)),
            Ok(IpAddr::V6(_)) => return Err(format!("`{text}` needs the length of its prefix").into()),
            Err(_) => match network(text)? {
                IpNet::V4(network) => {
                    v4.push((u32::from(network.network()), u32::from(network.broadcast()), Some(network)));
                }
                IpNet::V6(network) => {
                    v6.push((u128::from(network.network()), u128::from(network.broadcast()), Some(network)));
                }
            },
        }
    }
    let mut networks = BTreeSet::new();
    for (first, last, alone) in ranges(v4, |number| number.checked_sub(1)) {
        match alone {
            Some(network) => drop(networks.insert(Value::from(network.to_string()))),
            None => networks.extend(
                Ipv4Subnets::new(Ipv4Addr::from(first), Ipv4Addr::from(last), 0)
                    .map(|network| Value::from(network.to_string())),
            ),
        }
    }
    for (first, last, alone) in ranges(v6, |number| number.checked_sub(1)) {
        match alone {
            Some(network) => drop(networks.insert(Value::from(network.to_string()))),
            None => networks.extend(
                Ipv6Subnets::new(Ipv6Addr::from(first), Ipv6Addr::from(last), 0)
                    .map(|network| Value::from(network.to_string())),
            ),
        }
    }
    Ok(Value::from(networks))
}

/// First and last address of the network, and how it is written, which keeps the address itself.
fn of_class(address: Ipv4Addr) -> (u32, u32, Option<Ipv4Net>) {
    let length = match address.octets() {
        [0..0x80, ..] => 8,
        [0x80..0xc0, ..] => 16,
        _ => 24,
    };
    let network = Ipv4Net::new(address, length).ok();
    let edges = network.map_or((address, address), |network| (network.network(), network.broadcast()));
    (u32::from(edges.0), u32::from(edges.1), network)
}

/// Joins ranges that overlap or touch, as OPA does: from the last to the first, sorted by their ends.
fn ranges<N: Ord + Copy, T>(
    mut ranges: Vec<(N, N, Option<T>)>,
    before: impl Fn(N) -> Option<N>,
) -> Vec<(N, N, Option<T>)> {
    ranges.sort_by_key(|(first, last, _)| (*last, *first));
    let mut joined: Vec<(N, N, Option<T>)> = Vec::new();
    for range in ranges.into_iter().rev() {
        match joined.last_mut() {
            Some(later) if before(later.0).unwrap_or(later.0) <= range.1 => {
                *later = (later.0.min(range.0), later.1, None);
            }
            _ => joined.push(range),
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(function: fn(&[Value]) -> Result<Value, Fault>, json: &str) -> String {
        let arguments = Value::from_json_str(json).unwrap();
        let arguments: Vec<Value> = arguments.as_array().unwrap().iter().cloned().collect();
        function(&arguments).map_or_else(|_| "undefined".to_owned(), |value| value.to_json_str().unwrap())
    }

    #[test]
    fn networks_are_compared_and_merged_as_opa_does() {
        for (function, arguments, expected) in [
            (intersects as fn(&[Value]) -> Result<Value, Fault>, r#"["10.0.0.0/8", "10.1.0.0/16"]"#, "true"),
            (intersects, r#"["10.0.0.0/8", "11.0.0.0/8"]"#, "false"),
            (intersects, r#"["10.0.0.0", "11.0.0.0/8"]"#, "undefined"),
            (
                contains_matches,
                r#"[["10.0.0.0/8", "::/0"], {"a": "10.1.2.3", "b": ["::1/128", 7]}]"#,
                r#"[[0,"a"],[1,"b"]]"#,
            ),
            (
                merge,
                r#"[["192.0.2.0/25", "192.0.2.128/25", "10.0.0.0/8"]]"#,
                r#"["10.0.0.0/8","192.0.2.0/24"]"#,
            ),
            (merge, r#"[["192.0.128.0", "fe80::/10"]]"#, r#"["192.0.128.0/24","fe80::/10"]"#),
            (merge, r#"[["::1"]]"#, "undefined"),
        ] {
            let value: serde_json::Value =
                serde_json::from_str(&call(function, arguments)).unwrap_or_else(|_| "undefined".into());
            let expected: serde_json::Value =
                serde_json::from_str(expected).unwrap_or_else(|_| expected.into());
            assert_eq!(value, expected, "{arguments}");
        }
    }
}
