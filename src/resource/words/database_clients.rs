//! Programs that speak with a database, and where their words name its server, the database and who logs in, as in
//! `psql -h db -U me orders`. What only asks whether a server answers names nothing.
//!
//! Sources: the reference of each program (`PostgreSQL` "Client Applications", `MySQL` and `MariaDB` "Client
//! Programs", `MongoDB` Database Tools, `redis-cli --help`, `sqlcmd -?`, `cqlsh --help`).

mod programs;

use self::programs::{PROGRAMS, Program};
use super::{Word, commands, split};

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
    /// Whether all that names a part was read.
    pub(super) is_whole: bool,
}

/// How deep shells in shells are followed.
const DEEPEST: usize = 4;

/// All calls that name a server.
pub(super) fn calls<'t>(words: &[Word<'t>]) -> Vec<Call<'t>> {
    let mut calls = Vec::new();
    read_calls(words, 0, &mut calls);
    calls
}

fn read_calls<'t>(words: &[Word<'t>], depth: usize, calls: &mut Vec<Call<'t>>) {
    for command in commands::commands(words) {
        let name = command.program.rsplit('/').next().unwrap_or(command.program);
        let own = words.get(command.arguments.clone()).unwrap_or_default();
        if let Some(script) = commands::script(name, own).filter(|_| depth < DEEPEST) {
            let at = command.arguments.start + script;
            let inner = words.get(at).map(|word| split(word.text)).unwrap_or_default();
            let first = calls.len();
            read_calls(&inner, depth + 1, calls);
            // All of them stand in the one word.
            for call in calls.iter_mut().skip(first) {
                call.named.iter_mut().for_each(|named| named.word = at);
            }
            continue;
        }
        let found = PROGRAMS.iter().find_map(|program| {
            let name = program.names.iter().find(|known| **known == name)?;
            Some((program, *name))
        });
        let Some((program, name)) = found else { continue };
        let Some(read) = Reading::new(program).read(own, command.arguments.start) else { continue };
        if read.named.iter().any(|named| named.part == Part::Host) {
            calls.push(Call { program: name, named: read.named, is_whole: !read.is_unsure });
        }
    }
}

/// What the words behind a program come to.
struct Reading<'t> {
    program: &'static Program,
    named: Vec<Named<'t>>,
    /// What the next words that stand alone name.
    positions: &'static [Part],
    /// A database that is a whole connection.
    connection: Option<(&'t str, usize)>,
    /// How many things it shall do, and how many of these only ask whether the server answers.
    told: usize,
    probes: usize,
    /// Whether something may name a part that is not known here.
    is_unsure: bool,
}

impl<'t> Reading<'t> {
    fn new(program: &'static Program) -> Self {
        let parts = || {
            let short = program.short.iter().map(|(_, part)| *part);
            short.chain(program.long.iter().map(|(_, part)| *part)).chain(program.positions.iter().copied())
        };
        let is_unsure = parts().all(|part| part != Part::Database);
        Self {
            program,
            named: Vec::new(),
            positions: program.positions,
            connection: None,
            told: 0,
            probes: 0,
            is_unsure,
        }
    }

    /// `None` where it only asks whether a server answers.
    fn read(mut self, words: &[Word<'t>], offset: usize) -> Option<Self> {
        self.is_unsure |= words.iter().any(|word| commands::prints(word.text));
        let words = commands::arguments(words);
        let mut several = false;
        let mut words = words.into_iter().peekable();
        while let Some((index, text)) = words.next() {
            let at = offset + index;
            let Some(text) = text else {
                // What a command prints may be anything.
                self.named_by_position(None);
                continue;
            };
            let flags: Vec<(String, Option<&'t str>)>;
            if let Some(long) = text.strip_prefix("--").filter(|long| !long.is_empty()) {
                let (flag, value) = match long.split_once('=') {
                    Some((flag, value)) => (flag, Some(value)),
                    None => (long, None),
                };
                flags = vec![(flag.to_owned(), value)];
            } else if let Some(cluster) = text.strip_prefix('-').filter(|flags| !flags.is_empty()) {
                flags = self.cluster(cluster);
            } else {
                self.stands_alone(text, at);
                continue;
            }
            for (flag, value) in flags {
                let flag = flag.as_str();
                several |= self.program.several.contains(&flag);
                let follows =
                    words.peek().is_some_and(|(_, next)| !next.is_some_and(|next| next.starts_with('-')));
                match (value, self.arity(flag)) {
                    (Some(value), _) => self.told(flag, Some(value), at),
                    (None, Arity::Value) => {
                        if let Some((index, value)) = words.next() {
                            self.told(flag, value, offset + index);
                        }
                    }
                    (None, Arity::Asks | Arity::Unknown) if follows => {
                        words.next();
                        self.positions = &[];
                        self.is_unsure = true;
                    }
                    (None, _) => {}
                }
            }
        }
        if self.told > 0 && self.told == self.probes {
            return None;
        }
        if let Some((text, word)) = self.connection.take() {
            self.connected(text, word);
        }
        if several {
            self.named.retain(|named| named.part != Part::Database);
            self.is_unsure = true;
        }
        Some(self)
    }

    /// The flags of a word such as `-qAtXhdb`, the last with what stands behind it.
    fn cluster(&self, cluster: &'t str) -> Vec<(String, Option<&'t str>)> {
        let mut found = Vec::new();
        for (within, flag) in cluster.char_indices() {
            let rest = cluster.get(within + flag.len_utf8()..).filter(|rest| !rest.is_empty());
            let is_switch = self.program.switches.contains(flag);
            let value = rest.filter(|_| !is_switch).map(|rest| rest.trim_start_matches('='));
            found.push((flag.to_string(), value));
            if !is_switch {
                break;
            }
        }
        found
    }

    fn arity(&self, flag: &str) -> Arity {
        let program = self.program;
        let is_short = flag.chars().count() == 1;
        if program.asks_password.contains(&flag) {
            Arity::Asks
        } else if is_short && program.valued.contains(flag)
            || program.long.iter().any(|(name, _)| *name == flag)
            || program.long_valued.contains(&flag)
        {
            Arity::Value
        } else if is_short && (program.switches.contains(flag) || program.joined.contains(flag))
            || program.long_switches.contains(&flag)
            || program.several.contains(&flag)
            || ["no-", "skip-", "disable-", "enable-"].iter().any(|start| flag.starts_with(start))
        {
            Arity::None
        } else {
            Arity::Unknown
        }
    }

    /// A flag with its value; `None`: what a command prints.
    fn told(&mut self, flag: &str, value: Option<&'t str>, at: usize) {
        if self.program.commands.contains(&flag) {
            self.told += 1;
            self.probes += usize::from(value.is_some_and(|value| self.is_probe(value)));
        }
        let mut letters = flag.chars();
        let part = match (letters.next(), letters.next()) {
            (Some(letter), None) => {
                self.program.short.iter().find(|(name, _)| *name == letter).map(|(_, part)| *part)
            }
            _ => self.program.long.iter().find(|(name, _)| *name == flag).map(|(_, part)| *part),
        };
        if let Some(part) = part {
            self.name(part, value, at);
        }
    }

    fn stands_alone(&mut self, text: &'t str, at: usize) {
        if self.program.is_commanded && self.told == 0 {
            self.told += 1;
            self.probes += usize::from(self.is_probe(text));
        }
        self.named_by_position(Some((text, at)));
    }

    fn named_by_position(&mut self, word: Option<(&'t str, usize)>) {
        if let [part, rest @ ..] = self.positions {
            self.positions = rest;
            self.name(*part, word.map(|(text, _)| text), word.map_or(0, |(_, at)| at));
        }
    }

    fn name(&mut self, part: Part, text: Option<&'t str>, word: usize) {
        let Some(text) = text.map(super::unquoted).filter(|text| !text.is_empty()) else {
            self.is_unsure = true;
            return;
        };
        if self.program.has_connections && part == Part::Database && text.contains('=') {
            self.connection = Some((text, word));
        } else if is_name(text) {
            self.named.push(Named { part, text, word });
        } else {
            self.is_unsure = true;
        }
    }

    /// `host=db dbname=orders user=me` goes before what flags say (libpq, "Connection Strings"); the rest is dropped.
    fn connected(&mut self, text: &'t str, word: usize) {
        self.is_unsure = true;
        if text.contains(['\'', '\\', '"']) || text.contains("://") {
            return;
        }
        for pair in text.split_whitespace() {
            let Some((key, text)) = pair.split_once('=') else { return };
            let part = match key {
                "host" => Part::Host,
                "port" => Part::Port,
                "dbname" => Part::Database,
                "user" => Part::Principal,
                _ => continue,
            };
            if is_name(text) {
                self.named.retain(|named| named.part != part);
                self.named.push(Named { part, text, word });
            }
        }
    }

    fn is_probe(&self, text: &str) -> bool {
        self.program.probes.iter().any(|probe| text.trim().eq_ignore_ascii_case(probe))
    }
}

/// What follows a flag.
enum Arity {
    Value,
    None,
    /// Nothing by the reference; in practice a password.
    Asks,
    Unknown,
}

/// Whether a word may be the name of something. What has an assignment in it, or is an URL, may hold a password.
pub fn is_name(text: &str) -> bool {
    let text = commands::without_variables(text);
    !text.is_empty()
        && !text.contains(char::is_whitespace)
        && !text.contains(['=', ';', '(', ')', '`', '<', '>', '"', '\''])
        && !text.contains("://")
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
            (
                "mysqldump --host db --user=me --single-transaction crm",
                &["mysqldump Host=db Principal=me Database=crm"],
            ),
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
            // A word behind a flag that asks for a password is one.
            ("mysql -h db -u root -p SECRET crm", &["mysql Host=db Principal=root"]),
            ("mysql -h db -u root --password $ROOT -e 'drop table x'", &["mysql Host=db Principal=root"]),
            ("psql -h db -W SECRET orders", &["psql Host=db"]),
            ("mysql -h db -p -u root crm", &["mysql Host=db Principal=root Database=crm"]),
            // Whole connections, and what is left of those that cannot be read.
            ("psql -h db 'password=SECRET'", &["psql Host=db"]),
            (
                "psql -h a 'host=db user=me dbname=orders password=SECRET'",
                &["psql Host=db Principal=me Database=orders"],
            ),
            ("psql -h db -d dbname=orders", &["psql Host=db Database=orders"]),
            ("psql -h db \"dbname='a b' password='SECRET'\"", &["psql Host=db"]),
            ("mysql -h db a=SECRET", &["mysql Host=db"]),
            // Redirections, flags without a value, and those that nobody knows.
            ("pg_dump -h db -d orders --clean > /backup/all.sql", &["pg_dump Host=db Database=orders"]),
            ("mysqldump -h db -u x --all-databases > /backup/all.sql", &["mysqldump Host=db Principal=x"]),
            ("mysqldump -h db -B a b", &["mysqldump Host=db"]),
            ("sqlcmd -C -S db -U sa -P x -d crm", &["sqlcmd Host=db Principal=sa Database=crm"]),
            ("mysql -h db -u me --ssl crm", &["mysql Host=db Principal=me Database=crm"]),
            ("psql -h db --no-password orders", &["psql Host=db Database=orders"]),
            ("cqlsh --ssl db", &["cqlsh Host=db"]),
            ("psql -h db --unheard-of a orders", &["psql Host=db"]),
            ("mysqldump -h db -u me crm status", &["mysqldump Host=db Principal=me Database=crm"]),
            ("psql -h db -c 'select 1' -c 'select 2' orders", &["psql Host=db Database=orders"]),
            // What other commands print.
            ("mysql -h db -u root -p$(cat /secrets/pw) crm", &["mysql Host=db Principal=root Database=crm"]),
            ("mysql -h db $(cat /name) crm", &["mysql Host=db"]),
            ("mysql -h `cat /host` crm", &[]),
            ("psql -h $(HOST) -d $(NAME)", &["psql Host=$(HOST) Database=$(NAME)"]),
            // Where a command starts, and where none does.
            ("sudo -u postgres timeout 5 psql -h db a", &["psql Host=db Database=a"]),
            (
                "if ! env A=b psql -h db a; then (psql -h db b); fi",
                &["psql Host=db Database=a", "psql Host=db Database=b"],
            ),
            (
                "bash -c 'psql -h db a' && su postgres -c \"psql -h db b\"",
                &["psql Host=db Database=a", "psql Host=db Database=b"],
            ),
            ("echo psql -h db orders", &[]),
            ("kubectl exec deploy/db -- psql -h localhost orders", &[]),
            ("ssh a psql -h db orders; which psql -h db", &[]),
            ("cat <<EOF > x\npsql -h db orders\nEOF\npsql -h db a", &["psql Host=db Database=a"]),
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
