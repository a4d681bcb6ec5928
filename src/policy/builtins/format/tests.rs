use super::*;

/// What Go 1.26 prints; texts stand for what OPA hands over as strings.
#[test]
fn directives_print_as_go_prints_them() {
    let json = |operands: &str| Value::from_json_str(operands).unwrap();
    for (format, operands, expected) in [
        ("%v %d %s", r#"[1, 2, "x"]"#, "1 2 x"),
        ("%v|%s", r#"[{"a": [1, "b"]}, null]"#, r#"{"a": [1, "b"]}|null"#),
        (
            "%06s|%-06d|%06d|%+d|% d|%x|%#x|%#o|%O",
            r#"["abc", 12, 12, 12, 12, 255, 255, 8, 8]"#,
            "000abc|12    |000012|+12| 12|ff|0xff|010|0o10",
        ),
        ("%U|%#U|%c|%q|%b", "[128512, 128512, 65, 65, 5]", "U+1F600|U+1F600 '😀'|A|'A'|101"),
        ("%[2]d %[1]d %d", "[1, 2]", "2 1 2"),
        (
            "%*d|%.2s|%q|%+q|%#q|%x|% X",
            r#"[5, 42, "abc", "a\"b", "é", "raw", "hi", "hi"]"#,
            "   42|ab|\"a\\\"b\"|\"\\u00e9\"|`raw`|6869|68 69",
        ),
        ("%5.2f|%-5s|%.3d|%5t", r#"[3.14159, "ab", 7, true]"#, " 3.14|ab   |007|%!t(string= true)"),
        (
            "%v %g %G %.3g %e",
            "[123456789.5, 123456789.5, 123456789.5, 123456789.5, 123456789.5]",
            "1.234567895e+08 1.234567895e+08 1.234567895E+08 1.23e+08 1.234568e+08",
        ),
        (
            "%8.2f|%-8.1f|%08.3f|%+.1e|% f",
            "[0.1, 0.1, 0.1, 0.1, 0.1]",
            "    0.10|0.1     |0000.100|+1.0e-01| 0.100000",
        ),
        ("%v|%v|%.3g", "[2.5e-7, 0.0001, 1.25]", "2.5e-07|0.0001|1.25"),
        ("%d", "[]", "%!d(MISSING)"),
        ("%d", r#"["x"]"#, "%!d(string=x)"),
        ("%s %s", "[1, 1.5]", "%!s(int64=1) %!s(float64=1.5)"),
        ("none", r#"[1, "x"]"#, "none%!(EXTRA int64=1, string=x)"),
        ("%", "[]", "%!(NOVERB)"),
        ("%z %!", "[1, 2]", "%!z(int64=1) %!!(int64=2)"),
        ("%[3]d|%[x]d", "[1]", "%!d(BADINDEX)|%!d(BADINDEX)"),
        ("100%% of %d", "[18446744073709551615]", "100% of 18446744073709551615"),
        ("%-10s|%10s|", r#"["é", "é"]"#, "é         |         é|"),
        ("%T %T %T", "[1, 1.5, []]", "int64 float64 string"),
    ] {
        let value = sprintf(&[Value::from(format), json(operands)]).unwrap();
        assert_eq!(value, Value::from(expected), "{format} {operands}");
    }
}
