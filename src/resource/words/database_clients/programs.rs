//! The flags of each client of a database, as far as they matter: which take a value, which take none, and what names what.

use super::Part;

#[derive(Debug)]
pub(super) struct Program {
    pub(super) names: &'static [&'static str],
    /// Short flags that are followed by a value, in the same word or the next.
    pub(super) valued: &'static str,
    /// Short flags whose value only stands in the same word.
    pub(super) joined: &'static str,
    /// Short flags without a value.
    pub(super) switches: &'static str,
    pub(super) short: &'static [(char, Part)],
    pub(super) long: &'static [(&'static str, Part)],
    /// Other long flags with a value, and those without. Of any other nobody knows here.
    pub(super) long_valued: &'static [&'static str],
    pub(super) long_switches: &'static [&'static str],
    /// What words that stand alone name, in their order.
    pub(super) positions: &'static [Part],
    /// Flags that ask for a password. People write it behind them all the same.
    pub(super) asks_password: &'static [&'static str],
    /// Flags with which it is about more than one database, or about others than it is told.
    pub(super) several: &'static [&'static str],
    /// Flags whose value is what it shall do.
    pub(super) commands: &'static [&'static str],
    /// Values of these with which it only asks whether a server answers.
    pub(super) probes: &'static [&'static str],
    /// Whether the first word that stands alone is what it shall do.
    pub(super) is_commanded: bool,
    /// Whether a database may be a whole connection: `host=db dbname=orders`.
    pub(super) has_connections: bool,
}

const NONE: Program = Program {
    names: &[],
    valued: "",
    joined: "",
    switches: "",
    short: &[],
    long: &[],
    long_valued: &[],
    long_switches: &[],
    positions: &[],
    asks_password: &[],
    several: &[],
    commands: &[],
    probes: &[],
    is_commanded: false,
    has_connections: false,
};

const POSTGRESQL: Program = Program {
    short: &[('h', Part::Host), ('p', Part::Port), ('d', Part::Database), ('U', Part::Principal)],
    long: &[
        ("host", Part::Host),
        ("port", Part::Port),
        ("dbname", Part::Database),
        ("username", Part::Principal),
    ],
    long_valued: &[
        "command",
        "compress",
        "encoding",
        "exclude-schema",
        "exclude-table",
        "exclude-table-data",
        "extension",
        "field-separator",
        "file",
        "format",
        "jobs",
        "log-file",
        "output",
        "pset",
        "record-separator",
        "role",
        "schema",
        "section",
        "set",
        "superuser",
        "table",
        "variable",
    ],
    long_switches: &[
        "blobs",
        "clean",
        "column-inserts",
        "create",
        "csv",
        "data-only",
        "echo-all",
        "echo-errors",
        "echo-queries",
        "exit-on-error",
        "expanded",
        "html",
        "if-exists",
        "inserts",
        "large-objects",
        "quiet",
        "schema-only",
        "single-transaction",
        "tuples-only",
        "verbose",
    ],
    positions: &[Part::Database],
    asks_password: &["W", "password"],
    has_connections: true,
    ..NONE
};

const MYSQL: Program = Program {
    joined: "p",
    short: &[('h', Part::Host), ('P', Part::Port), ('D', Part::Database), ('u', Part::Principal)],
    long: &[
        ("host", Part::Host),
        ("port", Part::Port),
        ("database", Part::Database),
        ("user", Part::Principal),
    ],
    long_valued: &[
        "connect-timeout",
        "default-character-set",
        "execute",
        "ignore-table",
        "init-command",
        "max-allowed-packet",
        "protocol",
        "result-file",
        "set-gtid-purged",
        "socket",
        "ssl-ca",
        "ssl-cert",
        "ssl-key",
        "ssl-mode",
        "tab",
        "where",
    ],
    long_switches: &[
        "add-drop-database",
        "add-drop-table",
        "batch",
        "column-names",
        "column-statistics",
        "compact",
        "complete-insert",
        "compress",
        "events",
        "extended-insert",
        "flush-logs",
        "force",
        "hex-blob",
        "lock-tables",
        "master-data",
        "opt",
        "quick",
        "raw",
        "routines",
        "silent",
        "single-transaction",
        "source-data",
        "ssl",
        "table",
        "triggers",
        "verbose",
    ],
    positions: &[Part::Database],
    asks_password: &["p", "password"],
    ..NONE
};

const MONGODB: Program = Program {
    long: &[
        ("host", Part::Host),
        ("port", Part::Port),
        ("db", Part::Database),
        ("username", Part::Principal),
    ],
    long_valued: &[
        "eval",
        "password",
        "authenticationDatabase",
        "authenticationMechanism",
        "file",
        "tlsCAFile",
    ],
    long_switches: &["quiet", "ssl", "tls", "norc"],
    ..NONE
};

pub(super) const PROGRAMS: &[Program] = &[
    Program {
        names: &["psql"],
        valued: "cdfFhLopPRTUv",
        switches: "aAbeEHnqsSwWxXtz01",
        positions: &[Part::Database, Part::Principal],
        commands: &["c", "command"],
        probes: &["\\q", "select 1", "select 1;", "\\l", "\\conninfo"],
        ..POSTGRESQL
    },
    Program { names: &["pg_dump"], valued: "deEfFhjnNpStTUZ", switches: "abBcCOsvwWx", ..POSTGRESQL },
    Program {
        names: &["pg_dumpall"],
        valued: "dEfhlpSU",
        switches: "acgOrstvwWx",
        short: &[('h', Part::Host), ('p', Part::Port), ('U', Part::Principal)],
        long: &[("host", Part::Host), ("port", Part::Port), ("username", Part::Principal)],
        positions: &[],
        ..POSTGRESQL
    },
    Program {
        names: &["pg_restore"],
        valued: "dfFhIjLnNpPStTU",
        switches: "aceCOsvwWx1",
        positions: &[],
        ..POSTGRESQL
    },
    Program {
        names: &["mysql", "mariadb"],
        valued: "hPuDeS",
        switches: "ABbCcEfGHiLnNoqrstTUvwX",
        commands: &["e", "execute"],
        probes: &["select 1", "select 1;", "status"],
        ..MYSQL
    },
    Program {
        names: &["mysqldump", "mariadb-dump"],
        valued: "hPuSrwT",
        switches: "aAcBCdeEfFiKlnqQRtvxY",
        several: &["A", "all-databases", "B", "databases"],
        ..MYSQL
    },
    Program {
        names: &["mongosh", "mongo"],
        valued: "up",
        short: &[('u', Part::Principal)],
        commands: &["eval"],
        probes: &["db.adminCommand('ping')", "db.adminCommand(\"ping\")", "db.runCommand({ping:1})"],
        ..MONGODB
    },
    Program {
        names: &["mongodump", "mongoexport", "mongoimport", "mongorestore"],
        valued: "hdcupqof",
        switches: "v",
        short: &[('h', Part::Host), ('d', Part::Database), ('u', Part::Principal)],
        ..MONGODB
    },
    Program {
        names: &["redis-cli", "valkey-cli"],
        valued: "hpsanuridtDX",
        switches: "23cxe",
        short: &[('h', Part::Host), ('p', Part::Port), ('n', Part::Database)],
        long: &[("user", Part::Principal)],
        long_valued: &["pass", "cacert", "cacertdir", "cert", "key", "sni", "pattern", "rdb"],
        long_switches: &[
            "askpass", "bigkeys", "csv", "insecure", "json", "latency", "raw", "scan", "stat", "tls",
        ],
        probes: &["ping", "info"],
        is_commanded: true,
        ..NONE
    },
    Program {
        names: &["sqlcmd"],
        valued: "SdUPQqiocfhHKlamstvVwyYzZ",
        joined: "kprNLX",
        switches: "AbCDeEgGIjMRuWx",
        short: &[('S', Part::Host), ('d', Part::Database), ('U', Part::Principal)],
        commands: &["Q", "q"],
        probes: &["select 1", "select 1;"],
        ..NONE
    },
    Program {
        names: &["cqlsh"],
        valued: "ukpef",
        switches: "C",
        short: &[('k', Part::Database), ('u', Part::Principal)],
        long: &[("keyspace", Part::Database), ("username", Part::Principal)],
        long_valued: &[
            "connect-timeout",
            "cqlshrc",
            "cqlversion",
            "encoding",
            "execute",
            "file",
            "password",
            "protocol-version",
            "request-timeout",
        ],
        long_switches: &["color", "debug", "ssl", "tty"],
        positions: &[Part::Host, Part::Port],
        commands: &["e", "execute"],
        probes: &["describe cluster", "describe keyspaces"],
        ..NONE
    },
];
