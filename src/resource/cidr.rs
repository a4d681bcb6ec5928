//! Ranges of addresses in CIDR notation (RFC 4632, section 3.1; RFC 4291, section 2.3).

use std::net::IpAddr;

/// A range of IPv4 or IPv6 addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cidr {
    /// The first bits of all its addresses, the others zero.
    bits: u128,
    length: u32,
    is_v4: bool,
}

impl Cidr {
    /// `10.0.0.0/8`, `fd00::/8`; bits beyond the prefix are ignored. `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let (address, length) = text.trim().split_once('/')?;
        let (bits, is_v4) = bits(address.parse().ok()?);
        let length: u32 = length.parse().ok().filter(|length| *length <= if is_v4 { 32 } else { 128 })?;
        Some(Self { bits: bits & mask(length), length, is_v4 })
    }

    pub fn contains(&self, address: IpAddr) -> bool {
        let (bits, is_v4) = bits(address);
        is_v4 == self.is_v4 && bits & mask(self.length) == self.bits
    }

    /// Whether it holds all addresses of its family.
    pub const fn is_everything(&self) -> bool {
        self.length == 0
    }
}

/// The address in the upper bits.
fn bits(address: IpAddr) -> (u128, bool) {
    match address {
        IpAddr::V4(address) => (u128::from(u32::from(address)) << 96, true),
        IpAddr::V6(address) => (u128::from(address), false),
    }
}

fn mask(length: u32) -> u128 {
    128_u32.checked_sub(length).and_then(|shift| u128::MAX.checked_shl(shift)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_holds_what_begins_like_it() {
        for (range, address, expected) in [
            ("10.0.0.0/8", "10.255.0.1", Some(true)),
            ("10.9.9.9/8", "10.1.0.1", Some(true)),
            ("10.0.0.0/8", "11.0.0.1", Some(false)),
            ("0.0.0.0/0", "8.8.8.8", Some(true)),
            ("0.0.0.0/0", "::1", Some(false)),
            ("192.168.1.7/32", "192.168.1.7", Some(true)),
            ("fd00::/8", "fd12::1", Some(true)),
            ("::/0", "fd12::1", Some(true)),
            ("10.0.0.0/33", "10.0.0.1", None),
            ("10.0.0.0", "10.0.0.1", None),
            ("{{ .cidr }}", "10.0.0.1", None),
        ] {
            let address = address.parse().expect("an address");
            assert_eq!(
                Cidr::parse(range).map(|range| range.contains(address)),
                expected,
                "{range} {address}"
            );
        }
    }
}
