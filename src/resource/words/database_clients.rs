//! Programs that speak with a database, and where their words name its server, the database and who logs in, as in
//! `psql -h db -U me orders`. What only asks whether a server answers names nothing.
//!
//! Sources: the reference of each program (`PostgreSQL` "Client Applications", `MySQL` and `MariaDB` "Client
//! Programs", `MongoDB` Database Tools, `redis-cli --help`, `sqlcmd -?`, `cqlsh --help`).

use super::Word;

/// A part of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    Host,
    Port,
    Database,
    Principal,
}

impl Part {
    /// The flag by which settings of clients are called, whatever each of them calls it.
    pub const fn flag(self) -> &'static str {
        match self {
            Self::Host => "--host",
            Self::Port => "--port",
            Self::Database => "--dbname",
            Self::Principal => "--username",
        }
    }
}

/// A word that names a part: its index among all words, and where in its text it starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Named<'t> {
    pub(super) part: Part,
    pub(super) text: &'t str,
    pub(super) word: usize,
}

/// One call of a program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Call<'t> {
    pub(super) program: &'static str,
    pub(super) named: Vec<Named<'t>>,
}

#[derive(Debug)]
struct Program {
    names: &'static [&'static str],
    /// Short flags that are followed by a value, in the same word or the next.
    valued: &'static str,
    /// Short flags whose value only stands in the same word.
    joined: &'static str,
    short: &'static [(char, Part)],
    long: &'static [(&'static str, Part)],
    /// What words that stand alone name, in their order.
    positions: &'static [Part],
    /// Words with which it only asks whether a server answers.
    probes: &'static [&'static str],
}

const POSTGRESQL: Program = Program {
    names: &[],
    valued: "",
    joined: "",
    short: &[('h', Part::Host), ('p', Part::Port), ('d', Part::Database), ('U', Part::Principal)],
    long: &[
        ("host", Part::Host),
        ("port", Part::Port),
        ("dbname", Part::Database),
        ("username", Part::Principal),
    ],
    positions: &[Part::Database],
    probes: &["\\q", "select 1", "select 1;", "\\l", "\\conninfo"],
};

const MYSQL: Program = Program {
    names: &[],
    valued: "",
    joined: "p",
    short: &[('h', Part::Host), ('P', Part::Port), ('D', Part::Database), ('u', Part::Principal)],
    long: &[
        ("host", Part::Host),
        ("port", Part::Port),
        ("database", Part::Database),
        ("user", Part::Principal),
    ],
    positions: &[Part::Database],
    probes: &["select 1", "select 1;", "status"],
};

const MONGODB: Program = Program {
    names: &[],
    valued: "",
    joined: "",
    short: &[('h', Part::Host), ('d', Part::Database), ('u', Part::Principal)],
    long: &[
        ("host", Part::Host),
        ("port", Part::Port),
        ("db", Part::Database),
        ("username", Part::Principal),
    ],
    positions: &[],
    probes: &[],
};

const PROGRAMS: &[Program] = &[
    Program {
        names: &["psql"],
        valued: "cdfFhLopPRTUv",
        positions: &[Part::Database, Part::Principal],
        ..POSTGRESQL
    },
    Program { names: &["pg_dump"], valued: "dEfFhjnNpStTUZ", ..POSTGRESQL },
    Program {
        names: &["pg_dumpall"],
        valued: "dEfhlpSU",
        short: &[('h', Part::Host), ('p', Part::Port), ('U', Part::Principal)],
        positions: &[],
        ..POSTGRESQL
    },
    Program { names: &["pg_restore"], valued: "dfFhIjLnNpPStTU", positions: &[], ..POSTGRESQL },
    Program { names: &["mysql", "mariadb"], valued: "hPuDeS", ..MYSQL },
    Program { names: &["mysqldump", "mariadb-dump"], valued: "hPuSrwT", ..MYSQL },
    Program {
        names: &["mongosh", "mongo"],
        valued: "hdup",
        probes: &["db.adminCommand('ping')", "db.adminCommand(\"ping\")", "db.runCommand({ping:1})"],
        ..MONGODB
    },
    Program {
        names: &["mongodump", "mongoexport", "mongoimport", "mongorestore"],
        valued: "hdcupqof",
        ..MONGODB
    },
    Program {
        names: &["redis-cli", "valkey-cli"],
        valued: "hpsanurid",
        joined: "",
        short: &[('h', Part::Host), ('p', Part::Port), ('n', Part::Database)],
        long: &[("user", Part::Principal)],
        positions: &[],
        probes: &["ping", "info"],
    },
    Program {
        names: &["sqlcmd"],
        valued: "SdUPQqiovbhstwlHKaACcmMrRGzZ",
        joined: "",
        short: &[('S', Part::Host), ('d', Part::Database), ('U', Part::Principal)],
        long: &[],
        positions: &[],
        probes: &["select 1"],
    },
    Program {
        names: &["cqlsh"],
        valued: "ukpef",
        joined: "",
        short: &[('k', Part::Database), ('u', Part::Principal)],
        long: &[("keyspace", Part::Database), ("username", Part::Principal)],
        positions: &[Part::Host, Part::Port],
        probes: &["describe cluster", "describe keyspaces"],
    },
];

/// All calls that name a server.
pub(super) fn calls<'t>(words: &[Word<'t>]) -> Vec<Call<'t>> {
    let mut calls = Vec::new();
    let mut position = 0;
    while let Some(word) = words.get(position) {
        position += 1;
        // Also within `N=$(psql …)`.
        let bare = word.text.rsplit(['(', '`']).next().unwrap_or(word.text).trim_start_matches(['"', '{']);
        let name = bare.rsplit('/').next().unwrap_or(bare);
        let programs = PROGRAMS.iter().filter_map(|program| {
            program.names.iter().find(|known| **known == name).map(|name| (program, *name))
        });
        let Some((program, name)) = programs.into_iter().next() else { continue };
        let rest = words.get(position..).unwrap_or_default();
        let end = rest.iter().position(|word| word.starts).unwrap_or(rest.len());
        let own = rest.get(..end).unwrap_or_default();
        let named = program.read(own, position);
        position += end;
        if named.iter().any(|named| named.part == Part::Host) {
            calls.push(Call { program: name, named });
        }
    }
    calls
}

impl Program {
    /// What the words behind it name; nothing where it only asks whether a server answers.
    fn read<'t>(&self, words: &[Word<'t>], offset: usize) -> Vec<Named<'t>> {
        let mut named: Vec<Named<'t>> = Vec::new();
        let mut positions = self.positions.iter();
        let mut index = 0;
        while let Some(word) = words.get(index) {
            let (at, text) = (offset + index, word.text);
            index += 1;
            if self.probes.iter().any(|probe| text.eq_ignore_ascii_case(probe)) {
                return Vec::new();
            }
            let next = |index: &mut usize| {
                let found = words.get(*index).map(|next| (next.text, offset + *index));
                *index += 1;
                found
            };
            let redirect = text.trim_start_matches(|character: char| character.is_ascii_digit());
            let found = if redirect.starts_with(['<', '>']) {
                if redirect.trim_matches(['<', '>']).is_empty() {
                    index += 1;
                }
                None
            } else if let Some(long) = text.strip_prefix("--") {
                let (flag, value) = match long.split_once('=') {
                    Some((flag, value)) => (flag, Some((value, at))),
                    None => (long, None),
                };
                let part = self.long.iter().find(|(name, _)| *name == flag).map(|(_, part)| *part);
                match (part, value) {
                    (Some(part), Some(value)) => Some((part, value)),
                    (Some(part), None) => next(&mut index).map(|value| (part, value)),
                    (None, Some((value, _))) => {
                        if self.is_probe(value) {
                            return Vec::new();
                        }
                        None
                    }
                    // Whether a value follows is not known: then the next word names nothing.
                    (None, None) => {
                        let follows = words.get(index).filter(|next| !next.text.starts_with('-'));
                        if follows.is_some_and(|next| self.is_probe(next.text)) {
                            return Vec::new();
                        }
                        index += usize::from(follows.is_some());
                        None
                    }
                }
            } else if let Some(cluster) = text.strip_prefix('-').filter(|flags| !flags.is_empty()) {
                let valued = cluster
                    .char_indices()
                    .find(|(_, flag)| self.valued.contains(*flag) || self.joined.contains(*flag));
                let Some((within, flag)) = valued else { continue };
                let rest = cluster.get(within + flag.len_utf8()..).unwrap_or_default();
                let value = if self.joined.contains(flag) || !rest.is_empty() {
                    Some((rest.trim_start_matches('='), at))
                } else {
                    next(&mut index)
                };
                if value.is_some_and(|(value, _)| self.is_probe(value)) {
                    return Vec::new();
                }
                let part = self.short.iter().find(|(name, _)| *name == flag).map(|(_, part)| *part);
                part.zip(value)
            } else {
                positions.next().map(|part| (*part, (text, at)))
            };
            if let Some((part, (text, word))) = found {
                let text = super::unquoted(text);
                // What closes `$(psql …)` is no part of a name.
                let text = if text.contains('(') { text } else { text.trim_end_matches([')', '`']) };
                if !text.is_empty() && !text.contains(char::is_whitespace) && !text.contains("://") {
                    named.push(Named { part, text, word });
                }
            }
        }
        named
    }

    fn is_probe(&self, text: &str) -> bool {
        self.probes.iter().any(|probe| text.trim().eq_ignore_ascii_case(probe))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resource::words::split;

    fn told(script: &str) -> Vec<String> {
        let words = split(script);
        let calls = calls(&words).into_iter().map(|call| {
            let named = call.named.iter().map(|named| format!(" {:?}={}", named.part, named.text));
            format!("{}{}", call.program, named.collect::<String>())
        });
        calls.collect()
    }

    #[test]
    fn words_of_clients_are_read_as_each_of_them_does() {
        for (script, expected) in [
            (
                "psql -h db -p 5433 -U me orders -c 'select * from o'",
                &["psql Host=db Port=5433 Principal=me Database=orders"][..],
            ),
            ("PGPASSWORD=$P psql -qAtX -hdb -Ume -d orders", &["psql Host=db Principal=me Database=orders"]),
            (
                "psql --host=db --username me orders <a.sql >b 2>/dev/null",
                &["psql Host=db Principal=me Database=orders"],
            ),
            ("psql -h db orders me < a.sql", &["psql Host=db Database=orders Principal=me"]),
            ("psql -c 'select 2' -h db -At postgres", &["psql Host=db Database=postgres"]),
            ("N=$(psql -h db -U me orders)", &["psql Host=db Principal=me Database=orders"]),
            (
                "pg_dump -Fc -h db -U me orders | gzip > x; psql -h other",
                &["pg_dump Host=db Principal=me Database=orders", "psql Host=other"],
            ),
            (
                "mysql -h db -P 3307 -u me -psecret crm -e 'select 2'",
                &["mysql Host=db Port=3307 Principal=me Database=crm"],
            ),
            ("mysqldump --host db --user=me --single-transaction crm", &["mysqldump Host=db Principal=me"]),
            (
                "mongodump --host=rs0/a,b --db people -u me",
                &["mongodump Host=rs0/a,b Database=people Principal=me"],
            ),
            ("redis-cli -h cache -n 2 --user me keys '*'", &["redis-cli Host=cache Database=2 Principal=me"]),
            (
                "sqlcmd -S tcp:db,1433 -d crm -U sa -Q 'select 2'",
                &["sqlcmd Host=tcp:db,1433 Database=crm Principal=sa"],
            ),
            ("cqlsh db 9042 -k carts -u me", &["cqlsh Host=db Port=9042 Database=carts Principal=me"]),
            // What waits for a server, speaks to the own one or is about the program.
            ("until psql -h db -U me -c '\\q'; do sleep 1; done", &[]),
            ("psql -h db -c 'SELECT 1'", &[]),
            ("redis-cli -h cache ping", &[]),
            ("mongosh --host db --eval \"db.adminCommand('ping')\"", &[]),
            ("psql -U postgres orders", &[]),
            ("apk add psql", &[]),
            ("psql postgres://me@db/orders", &[]),
        ] {
            assert_eq!(told(script), expected, "{script}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_script_panics(text in "(psql|mysql|redis-cli|cqlsh|-h|--|-| |=|<|a|\\PC){0,20}") {
            let words = split(&text);
            for call in calls(&words) {
                for named in call.named {
                    proptest::prop_assert!(words.get(named.word).is_some_and(|word| word.text.contains(named.text)));
                }
            }
        }
    }
}
