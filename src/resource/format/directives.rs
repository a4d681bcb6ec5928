//! Files of directives, as nginx reads them: whom they pass requests to.
//!
//! Source: nginx, `src/core/ngx_conf_file.c` for the grammar; the modules `ngx_http_proxy_module`, `_grpc_`, `_fastcgi_`,
//! `_uwsgi_`, `_scgi_`, `_memcached_` and `ngx_http_upstream_module` (both also of `stream`) for the directives.
//! Deliberately absent: variables, which only a request tells, and `include`.

use std::{collections::BTreeSet, fmt::Write as _, ops::Range};

use super::Entry;

/// Directives whose first argument is a server, or the name of an `upstream`.
const PASS: [&str; 6] =
    ["fastcgi_pass", "grpc_pass", "memcached_pass", "proxy_pass", "scgi_pass", "uwsgi_pass"];

/// Servers that a file names, in its order: an entry for each, such as `proxy_pass[0]` or `upstream.server[1]`, by its
/// position among them.
pub(super) fn servers(text: &str) -> Vec<Entry> {
    let mut entries = Vec::new();
    let mut upstreams = BTreeSet::new();
    let mut blocks: Vec<&str> = Vec::new();
    let mut words: Vec<Range<usize>> = Vec::new();
    for token in (Tokens { text, at: 0 }) {
        let word = |index: usize| words.get(index).and_then(|word| text.get(word.clone()));
        match text.get(token.clone()) {
            Some("{") => {
                let name = word(0).unwrap_or_default();
                if name == "upstream" {
                    upstreams.extend(word(1));
                }
                blocks.push(name);
                words.clear();
            }
            Some("}") => {
                blocks.pop();
                words.clear();
            }
            Some(";") => {
                let name = match word(0) {
                    Some(pass) if PASS.contains(&pass) => Some(pass),
                    Some("server") if blocks.last() == Some(&"upstream") => Some("upstream.server"),
                    _ => None,
                };
                if let (Some(name), Some(server), Some(range)) = (name, word(1), words.get(1)) {
                    let entry =
                        Entry { name: name.to_owned(), text: server.to_owned(), range: range.clone() };
                    entries.push(entry);
                }
                words.clear();
            }
            _ => words.push(token),
        }
    }
    entries.retain_mut(|entry| {
        // Behind the authority a variable belongs to the path.
        if let Some(variable) = entry.text.find('$') {
            let known = entry.text.get(..variable).unwrap_or_default();
            let place = known.split_once("://").map_or(known, |(_, rest)| rest);
            let ends_in_port = place
                .rsplit_once(':')
                .is_some_and(|(_, port)| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()));
            if !place.contains('/') && !ends_in_port {
                return false;
            }
            entry.range.end = entry.range.start + variable;
            entry.text.truncate(variable);
        }
        let host = entry.text.split_once("://").map_or(entry.text.as_str(), |(_, rest)| rest);
        let host = host.split('/').next().unwrap_or_default();
        !upstreams.contains(host)
    });
    for (position, entry) in entries.iter_mut().enumerate() {
        let _ = write!(entry.name, "[{position}]");
    }
    entries
}

/// Words without their quotation marks, and `{`, `}`, `;`.
struct Tokens<'t> {
    text: &'t str,
    at: usize,
}

impl Iterator for Tokens<'_> {
    type Item = Range<usize>;

    fn next(&mut self) -> Option<Range<usize>> {
        loop {
            let rest = self.text.get(self.at..)?;
            let first = rest.chars().next()?;
            let start = self.at;
            match first {
                '#' => self.at += rest.find('\n').unwrap_or(rest.len()),
                '{' | '}' | ';' => {
                    self.at += 1;
                    return Some(start..self.at);
                }
                '"' | '\'' => {
                    let mut escaped = false;
                    let end = rest.char_indices().skip(1).find(|(_, character)| {
                        let ends = *character == first && !escaped;
                        escaped = *character == '\\' && !escaped;
                        ends
                    });
                    let end = end.map_or(rest.len(), |(end, _)| end);
                    self.at = (start + end + 1).min(self.text.len());
                    return Some(start + 1..start + end);
                }
                space if space.is_whitespace() => self.at += space.len_utf8(),
                _ => {
                    let ends =
                        |character: char| character.is_whitespace() || matches!(character, ';' | '{' | '}');
                    // `${name}` is part of a word.
                    let mut end = rest.find(ends).unwrap_or(rest.len());
                    while rest.get(..end).is_some_and(|word| word.ends_with('$'))
                        && rest.get(end..).is_some_and(|rest| rest.starts_with('{'))
                    {
                        let closed = rest
                            .get(end..)
                            .and_then(|rest| rest.find('}'))
                            .map_or(rest.len(), |at| end + at + 1);
                        end = rest
                            .get(closed..)
                            .and_then(|rest| rest.find(ends))
                            .map_or(rest.len(), |at| closed + at);
                    }
                    self.at += end;
                    return Some(start..self.at);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn servers_are_what_requests_are_passed_to() {
        let text = "# proxy_pass http://old;\nupstream cart { server cart:7070 weight=5; server 'cart-2:7070'; keepalive 8; }\nserver {\n  listen 80;\n  server_name shop;\n  location / { proxy_pass http://cart/; }\n  location /es { proxy_pass \"http://es:9200\"; }\n  location /h { return 200 \"{\\\"a\\\": 1}\"; }\n  location /u { proxy_pass http://u:1$request_uri; }\n  location /v { proxy_pass http://$backend; }\n  location /w { proxy_pass http://${backend}:80/x; }\n  location ~ \\.php$ { fastcgi_pass php:9000; }\n  location /g { grpc_pass grpcs://g:50051; }\n}\nserver outside:1;\n";
        let found = servers(text);
        let found: Vec<(&str, &str)> =
            found.iter().map(|entry| (entry.name.as_str(), &text[entry.range.clone()])).collect();
        assert_eq!(
            found,
            [
                ("upstream.server[0]", "cart:7070"),
                ("upstream.server[1]", "cart-2:7070"),
                ("proxy_pass[2]", "http://es:9200"),
                ("proxy_pass[3]", "http://u:1"),
                ("fastcgi_pass[4]", "php:9000"),
                ("grpc_pass[5]", "grpcs://g:50051"),
            ]
        );
    }

    #[test]
    fn settings_of_other_programs_name_no_servers() {
        for text in [
            "maxmemory 100mb\nrequirepass x\n",
            "a { b = c\n d { e = \"f\" } }",
            "",
            "{{{",
            "';",
            "proxy_pass",
        ] {
            assert!(servers(text).is_empty(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_and_entries_lie_in_it(text in "[ a-z{};#'\"$\\n:/äö]{0,80}|(server|upstream|proxy_pass|[{};]| |x:1){0,20}") {
            for entry in servers(&text) {
                prop_assert_eq!(text.get(entry.range), Some(entry.text.as_str()));
            }
        }
    }
}
