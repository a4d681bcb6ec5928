package main

import rego.v1

deny contains sprintf("%s %s %s", [crypto.md5("a"), crypto.sha1("a"), crypto.sha256("a")])

deny contains sprintf("%s", [crypto.hmac.sha256(input.name, "key")])

deny contains sprintf("%v %v", [crypto.hmac.equal("a", "a"), crypto.hmac.sha512("a", "b")])

deny contains sprintf("%v", [net.cidr_merge(["10.0.0.0/24", "10.0.1.0/24", "fe80::/64"])])

deny contains sprintf("%v", [net.cidr_intersects("10.0.0.0/8", "10.2.0.0/16")])

deny contains sprintf("%v", [net.cidr_contains_matches({"a": "10.0.0.0/8"}, ["10.1.1.1", "11.1.1.1"])])

deny contains sprintf("%v", [array.flatten([1, [2, [3]], []])])

deny contains sprintf("%v", [yaml.unmarshal("mode: 0644\nlist: [yes, 1.5]\n")])

deny contains sprintf("%v %v", [yaml.is_valid("a: ["), yaml.is_valid("a: 1")])

deny contains sprintf("%5.2f|%-6s|%06d|%x|%q|%+d|%v|%t", [3.14159, "ab", 42, 255, "q\"", 7, {"k": {1, 2}}, true])

deny contains sprintf("%d %s", [1]) # missing

deny contains sprintf("%s", ["a", 1]) # extra

deny contains sprintf("%d", ["text"])

deny contains sprintf("%v", [strings.split_n("a.b.c", ".", 2)])

print_is_silent if print("secret", input)

warn contains "printed" if print_is_silent
