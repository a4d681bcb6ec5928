# METADATA
# title: What rules about addresses share
# scope: package
package probity.lib.network

import rego.v1

_private := ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "127.0.0.0/8", "fc00::/7", "fe80::/10"]

# Whether nobody outside has an address of a range.
is_private(range) if {
	net.cidr_is_valid(range)
	some private in _private
	net.cidr_contains(private, range)
}

# A range that is no network is one that the input does not tell.
is_private_or_unknown(range) if not net.cidr_is_valid(range)

is_private_or_unknown(range) if is_private(range)
