//! Containers that run a database server: told by the image, unless they start something else from it.
//!
//! Images of databases hold their clients too, so Jobs and scripts use them for `psql`, `mysqldump` and their like.

use super::{Set, workloads::WorkloadId};
use crate::{
    document::NodeRef,
    resource::engine::{self, Engine},
};

/// Programs that serve, and the scripts by which images start them; a word that begins with one counts.
const SERVERS: &[&str] = &[
    "postgres",
    "postmaster",
    "pg_ctl",
    "patroni",
    "mysqld",
    "mariadbd",
    "mongod",
    "mongos",
    "redis-server",
    "redis-sentinel",
    "valkey-server",
    "keydb-server",
    "dragonfly",
    "memcached",
    "sqlservr",
    "cassandra",
    "scylla",
    "elasticsearch",
    "eswrapper",
    "opensearch",
    "cockroach",
    "clickhouse",
    "neo4j",
    "couchdb",
    "influxd",
    "docker-entrypoint",
    "entrypoint",
    "run.sh",
];

/// The engine that a container of a workload serves. One that starts another program, declares no port, and that no
/// Service leads to, is a client.
pub(super) fn served_by(set: &Set<'_>, id: WorkloadId, container: NodeRef<'_>) -> Option<&'static Engine> {
    let engine = engine::of_image(container.str_at(&["image"])?)?;
    let has_ports = || container.get("ports").is_some_and(|ports| ports.items().next().is_some());
    let serves = starts_server(container) || has_ports() || !set.services().of_workload(id).is_empty();
    serves.then_some(engine)
}

/// Whether the program is the image's own, or one that serves. Arguments alone replace it where they are no options.
fn starts_server(container: NodeRef<'_>) -> bool {
    let list = |key| container.get(key).into_iter().flat_map(NodeRef::items);
    let options =
        list("args").next().is_none_or(|first| first.as_str().is_none_or(|text| text.starts_with('-')));
    if list("command").next().is_none() && options {
        return true;
    }
    let texts = list("command").chain(list("args")).map(NodeRef::as_str);
    texts.into_iter().any(|text| text.is_none_or(|text| words(text).any(is_server)))
}

/// Words of a command or script, without the folders of programs.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let words = text
        .split(|c: char| c.is_whitespace() || matches!(c, ';' | '&' | '|' | '(' | ')' | '"' | '\'' | '`'));
    words.filter_map(|word| word.rsplit('/').next())
}

fn is_server(word: &str) -> bool {
    let is_option = word.starts_with('-') || word.contains(['=', ':', '@']);
    !is_option && SERVERS.iter().any(|server| word.strip_prefix(server).is_some_and(is_ending))
}

/// Whether what follows the name of a program leaves it the same: a version, or an extension.
fn is_ending(rest: &str) -> bool {
    matches!(rest, "" | ".sh" | "_safe") || rest.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{document::yaml, source::SourceId};

    #[test]
    fn what_a_container_starts_tells_whether_it_serves() {
        for (text, expected) in [
            ("{image: postgres}", true),
            ("{image: postgres, args: [-c, max_connections=9]}", true),
            ("{image: postgres, args: [postgres, -c, fsync=off]}", true),
            ("{image: postgres, args: [psql, -h, db]}", false),
            ("{image: postgres, command: [bash, -c, '. /scripts/init.sh 127.0.0.1 5432 orders']}", false),
            ("{image: postgres, command: [sh, -c, 'pg_dump postgres://db/orders | gzip']}", false),
            ("{image: mysql, command: [mysqldump, --all-databases]}", false),
            ("{image: mysql, command: [bash, -c, 'chown x y; exec mysqld_safe --user=x']}", true),
            ("{image: redis, command: [redis-server, /etc/redis.conf]}", true),
            ("{image: redis, command: [/usr/local/bin/docker-entrypoint.sh], args: [redis-server]}", true),
            ("{image: mongo, command: [sh, -c, mongosh --eval 1]}", false),
            ("{image: mongo, command: ['{{ .Command }}', {}]}", true),
        ] {
            let parsed = yaml::parse(SourceId(0), &text.into());
            assert_eq!(starts_server(parsed.documents[0].root()), expected, "{text}");
        }
    }
}
