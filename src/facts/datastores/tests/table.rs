//! The table of domains.md section 3: the grade of each row (Q9), and who makes it so.

use super::super::*;
use crate::{
    document::yaml,
    estate::Estate,
    facts::{Fact, Set, Subject, Value},
    source::{Source, Sources, Status},
};

fn estate(text: &str) -> Estate {
    let sources = Sources::new(vec![Source::new("a.yaml", text, None, Status::Read)]);
    let documents = sources.iter().flat_map(|(id, source)| yaml::parse(id, &source.text).documents).collect();
    Estate::new(sources, documents, Vec::new(), "shop")
}

fn value<'f>(fact: &'f Fact, key: &str) -> &'f Value {
    fact.get(key).map_or_else(|| panic!("`{key}` is not there"), |field| &field.value)
}

fn texts(fact: &Fact, key: &str) -> Vec<String> {
    let Value::Array(items) = value(fact, key) else { panic!("`{key}` is no list") };
    let text = |item: &Fact| match &item.value {
        Value::String(text) => text.to_string(),
        other => panic!("{other:?} is no text"),
    };
    items.iter().map(text).collect()
}

/// Short names of the users of a store, in order.
fn users(subject: &Subject) -> String {
    let Value::Object(users) = value(&subject.fact, "users") else { panic!("`users` is no object") };
    let names: Vec<&str> = users.keys().map(|id| short(id)).collect();
    names.join("+")
}

fn short(id: &str) -> &str {
    id.rsplit('/').next().unwrap_or(id)
}

/// Grades with the services that meet, then who reaches how much: `G0 contacts+users`, `superuser orders`,
/// `reach everyone`, `users of db: nobody`.
fn graded(text: &str) -> Vec<String> {
    let estate = estate(text);
    let set = Set::new(estate.view(0));
    let mut found = Vec::new();
    for subject in datastore_subjects(&set) {
        if *value(&subject.fact, "shared") == Value::Bool(true) {
            let same = *value(&subject.fact, "same_principal") == Value::Bool(true);
            let grade = if same { "G0" } else { "G1" };
            found.push(format!("{grade} {}", users(&subject)));
        }
    }
    let servers = server_subjects(&set);
    for subject in &servers {
        for (grade, key) in [("G2", "shared_principal"), ("G3", "shared_server")] {
            let met = texts(&subject.fact, key);
            let names: Vec<&str> = met.iter().map(|id| short(id)).collect();
            if !names.is_empty() {
                found.push(format!("{grade} {}", names.join("+")));
            }
        }
        let Value::Object(users) = value(&subject.fact, "users") else { continue };
        for (id, user) in users {
            let Value::Array(principals) = value(user, "principals") else { continue };
            if principals.iter().any(|one| *value(one, "superuser") == Value::Bool(true)) {
                found.push(format!("superuser {}", short(id)));
            }
        }
    }
    if found.is_empty() {
        found.push("G4".to_owned());
    }
    found
}

/// A Deployment with the variables of its container, each in braces, and more of its Pod.
fn app(name: &str, labels: &str, container: &str, more: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}}}\nspec: {{template: {{metadata: {{labels: {{{labels}}}}}, spec: {{containers: [{{name: a, image: {name}, {container}}}{more}]}}}}}}\n---\n"
    )
}

fn told(name: &str, url: &str) -> String {
    app(name, &format!("app: {name}"), &format!("env: [{{name: DATABASE_URL, value: '{url}'}}]"), "")
}

/// A server with its Service.
fn server(name: &str, image: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {{name: {name}}}\nspec: {{template: {{metadata: {{labels: {{app: {name}}}}}, spec: {{containers: [{{name: a, image: '{image}'}}]}}}}}}\n---\napiVersion: v1\nkind: Service\nmetadata: {{name: {name}}}\nspec: {{selector: {{app: {name}}}, ports: [{{port: 5432}}]}}\n---\n"
    )
}

/// A client of what a proxy in its Pod leads to.
fn proxied(name: &str, instance: &str, database: &str, user: &str) -> String {
    app(
        name,
        &format!("app: {name}"),
        &format!("env: [{{name: DATABASE_URL, value: 'postgres://{user}@127.0.0.1:5432/{database}'}}]"),
        &format!(
            ", {{name: proxy, image: 'gcr.io/cloud-sql-connectors/cloud-sql-proxy:2', args: ['--port=5432', 'p:eu:{instance}']}}"
        ),
    )
}

#[test]
fn sharing_is_graded_by_server_database_and_principal() {
    let map = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: accounts-db-config}\ndata: {ACCOUNTS_DB_URI: 'postgresql://admin@accounts-db:5432/accounts'}\n---\n";
    let from_map = |name: &str| {
        app(name, &format!("app: {name}"), "envFrom: [{configMapRef: {name: accounts-db-config}}]", "")
    };
    let sql = |name: &str| {
        told(name, &format!("Server=sql-data;Database={name};User Id=sa"))
            .replace("DATABASE_URL", "ConnectionString")
    };
    let ratings = |version: &str| {
        app(
            &format!("ratings-{version}"),
            &format!("app: ratings, version: {version}"),
            "env: [{name: MONGO_DB_URL, value: 'mongodb://mongodb:27017/test'}]",
            "",
        )
    };
    let alias = "apiVersion: v1\nkind: Service\nmetadata: {name: users-db}\nspec: {type: ExternalName, externalName: prod.c1.eu-west-1.rds.amazonaws.com}\n---\n";
    let cloud = "prod.c1.eu-west-1.rds.amazonaws.com";
    for (row, text, expected) in [
        (
            "1",
            format!(
                "{map}{}{}{}",
                from_map("contacts"),
                from_map("userservice"),
                server("accounts-db", "postgres:16")
            ),
            &["G0 contacts+userservice"][..],
        ),
        (
            "2",
            format!(
                "{}{}{}",
                told("orders", "jdbc:postgresql://db/orders?user=o"),
                told("cart", "jdbc:postgresql://db/cart?user=c"),
                server("db", "postgres:16")
            ),
            &["G3 cart+orders"],
        ),
        (
            "3",
            ["catalog", "identity", "marketing", "ordering"].map(sql).concat()
                + &server("sql-data", "mcr.microsoft.com/mssql/server:2022"),
            &[
                "G2 catalog+identity+marketing+ordering",
                "superuser catalog",
                "superuser identity",
                "superuser marketing",
                "superuser ordering",
            ],
        ),
        (
            "4",
            ["one", "two", "three"]
                .map(|name| {
                    told(name, &format!("mysql://root@{name}-db/ts"))
                        + &server(&format!("{name}-db"), "mysql:8")
                })
                .concat(),
            &["superuser one", "superuser two", "superuser three"],
        ),
        ("5", format!("{}{}{}", ratings("v1"), ratings("v2"), server("mongodb", "mongo:7")), &["G4"]),
        ("6", proxied("orders", "a", "shop", "app") + &proxied("carts", "b", "shop", "app"), &["G4"]),
        (
            "6, both to A",
            proxied("orders", "a", "orders", "app") + &proxied("carts", "a", "carts", "app"),
            &["G2 carts+orders"],
        ),
        (
            "6, both to A, by the operator",
            {
                let injected = |name: &str| {
                    told(name, &format!("postgres://app@127.0.0.1:5432/{name}"))
                        + &format!(
                            "{{apiVersion: cloudsql.cloud.google.com/v1, kind: AuthProxyWorkload, metadata: {{name: {name}}}, spec: {{workloadSelector: {{kind: Deployment, name: {name}}}, instances: [{{connectionString: 'p:eu:a', port: 5432}}]}}}}\n---\n"
                        )
                };
                injected("orders") + &injected("carts")
            },
            &["G2 carts+orders"],
        ),
        (
            "6, both to A, users of their own",
            proxied("orders", "a", "orders", "o") + &proxied("carts", "a", "carts", "c"),
            &["G3 carts+orders"],
        ),
        (
            "7",
            format!(
                "{alias}{}{}",
                told("users", "postgres://u@users-db/users"),
                told("billing", &format!("postgres://u@{cloud}/users"))
            ),
            &["G0 billing+users"],
        ),
        (
            "7, users of their own",
            format!(
                "{alias}{}{}",
                told("users", "postgres://u@users-db/users"),
                told("billing", &format!("postgres://b@{cloud}/users"))
            ),
            &["G1 billing+users"],
        ),
        // Everybody who gives no name is `default`, and may select every index.
        (
            "9 of 3a, indices of one Redis",
            format!(
                "{}{}{}",
                told("orders", "redis://store:6379/0"),
                told("cart", "redis://store:6379/1"),
                server("store", "redis:7")
            ),
            &["G2 cart+orders"],
        ),
        (
            "9 of 3a, indices and users of one Redis",
            format!(
                "{}{}{}",
                told("orders", "redis://o:p@store:6379/0"),
                told("cart", "redis://c:p@store:6379/1"),
                server("store", "redis:7")
            ),
            &["G3 cart+orders"],
        ),
    ] {
        assert_eq!(graded(&text), expected, "row {row}");
    }
}

#[test]
fn a_collector_shares_nothing_but_may_be_a_superuser() {
    let config = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: otel}\ndata: {relay.yaml: 'receivers: {postgresql: {endpoint: \"orders-db:5432\", username: root, databases: [orders]}}'}\n---\n";
    let collector = app(
        "otel-collector",
        "app: otel-collector",
        "args: [--config=/conf/relay.yaml], volumeMounts: [{name: c, mountPath: /conf}]",
        "], volumes: [{name: c, configMap: {name: otel}}",
    );
    let database = server("orders-db", "postgres:16")
        .replace("image: 'postgres:16'", "image: 'postgres:16', env: [{name: POSTGRES_USER, value: root}]");
    let text =
        format!("{config}{collector}{}{database}", told("orders", "postgres://orders@orders-db/orders"));
    assert_eq!(graded(&text), ["superuser otel-collector"], "row 8");
}

/// Superusers that the resource of an operator declares, beside `postgres`.
#[test]
fn an_operator_makes_superusers_of_those_that_its_resource_says() {
    let (superuser, none) = ("superuser orders", "G4");
    let made = |group: &str, kind: &str, spec: &str| {
        format!("{{apiVersion: {group}/v1, kind: {kind}, metadata: {{name: db}}, spec: {{{spec}}}}}\n---\n")
    };
    let cnpg = |role: &str| {
        made("postgresql.cnpg.io", "Cluster", &format!("managed: {{roles: [{{name: o, {role}}}]}}"))
    };
    let crunchy = |options: &str| {
        made(
            "postgres-operator.crunchydata.com",
            "PostgresCluster",
            &format!("users: [{{name: o{options}}}]"),
        )
    };
    let mongodb = |role: &str| {
        made(
            "mongodbcommunity.mongodb.com",
            "MongoDBCommunity",
            &format!("users: [{{name: o, db: admin, roles: [{{name: {role}, db: admin}}]}}]"),
        )
    };
    let zalando = |flags: &str| made("acid.zalan.do", "postgresql", &format!("users: {{o: {flags}}}"));
    for (case, host, cluster, expected) in [
        ("CloudNativePG", "postgres://o:p@db-rw/o", cnpg("superuser: true"), superuser),
        ("CloudNativePG, none", "postgres://o:p@db-rw/o", cnpg("superuser: false"), none),
        ("CloudNativePG, absent", "postgres://o:p@db-rw/o", cnpg("superuser: true, ensure: absent"), none),
        ("Zalando", "postgres://o:p@db/o", zalando("[createdb, superuser]"), superuser),
        ("Zalando, none", "postgres://o:p@db/o", zalando("[createdb]"), none),
        ("Crunchy", "postgres://o:p@db-primary/o", crunchy(", options: 'SUPERUSER CREATEDB'"), superuser),
        ("Crunchy, none", "postgres://o:p@db-primary/o", crunchy(""), none),
        ("MongoDB", "mongodb://o:p@db-svc/o", mongodb("root"), superuser),
        ("MongoDB, none", "mongodb://o:p@db-svc/o", mongodb("readWrite"), none),
    ] {
        let found = graded(&format!("{cluster}{}", told("orders", host)));
        assert_eq!(found, [expected], "{case}");
    }
}

/// Rows 9 to 11: what could be reached, and what nobody is known to use.
#[test]
fn who_could_reach_a_database_is_told_beside_who_does() {
    let database = server("carts-db", "mongo:7");
    let carts = app("carts", "name: carts", "env: [{name: mongo, value: 'carts-db:27017'}]", "");
    let silent = app("web", "app: web", "", "");
    let policy = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: p}\nspec: {podSelector: {matchLabels: {app: carts-db}}, ingress: [{from: [{podSelector: {matchLabels: {name: cart}}}]}]}\n---\n";
    let limit = |rules: &str| {
        format!(
            "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {{name: p}}\nspec: {{selector: {{matchLabels: {{app: carts-db}}}}, rules: [{rules}]}}\n---\n"
        )
    };
    let identity = limit("{from: [{source: {principals: [cluster.local/ns/shop/sa/carts]}}]}");
    let unknown = || Value::String("unknown".into());
    for (row, text, everyone, used_by) in [
        ("9", format!("{database}{carts}{silent}"), Value::Bool(true), "carts"),
        // The Namespace is not in the input, so nobody knows whether the policy holds.
        ("9, and a policy of Istio", format!("{database}{carts}{silent}{identity}"), unknown(), "carts"),
        (
            "9, and one for all",
            format!("{database}{carts}{silent}{}", limit("{}")),
            Value::Bool(true),
            "carts",
        ),
        ("10", format!("{database}{carts}{policy}"), Value::Bool(false), "carts"),
        ("11", format!("{database}{silent}"), Value::Bool(true), ""),
    ] {
        let estate = estate(&text);
        let subjects = server_subjects(&Set::new(estate.view(0)));
        let [subject] = subjects.as_slice() else { panic!("row {row}: {} servers", subjects.len()) };
        let reach = subject.fact.get("reach").expect("who could reach it");
        assert_eq!(*value(reach, "everyone"), everyone, "row {row}");
        assert_eq!(users(subject), used_by, "row {row}");
    }
}

/// A proxy with its Service, its variables and a configuration file.
fn pooler(image: &str, environment: &str, file: &str, text: &str) -> String {
    format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: pool}}\ndata: {{{file}: {text:?}}}\n---\n{}apiVersion: v1\nkind: Service\nmetadata: {{name: pool}}\nspec: {{selector: {{app: pool}}, ports: [{{port: 5432, targetPort: 6432}}]}}\n---\n",
        app(
            "pool",
            "app: pool",
            &format!("volumeMounts: [{{name: c, mountPath: /c}}], env: [{environment}]"),
            "], volumes: [{name: c, configMap: {name: pool}}",
        )
        .replace("image: pool", &format!("image: '{image}'"))
    )
}

#[test]
fn services_behind_a_pooler_share_what_is_behind_it() {
    let direct = told("cart", "postgres://c@db/shop") + &server("db", "postgres:16");
    let through = told("orders", "postgres://o@pool/shop");
    for (case, text, expected) in [
        ("a host", pooler("edoburu/pgbouncer", "{name: DB_HOST, value: db}", "x", ""), "G1 cart+orders"),
        (
            "a URL",
            pooler("pgbouncer", "{name: DATABASE_URL, value: 'postgres://db/shop'}", "x", ""),
            "G1 cart+orders+pool",
        ),
        ("entries", pooler("pgbouncer", "", "pgbouncer.ini", "[databases]\n* = host=db\n"), "G1 cart+orders"),
        (
            "an entry of another name",
            pooler("pgbouncer", "", "pgbouncer.ini", "[databases]\nshop = host=db dbname=sales\n"),
            "G3 cart+orders",
        ),
        (
            "HAProxy",
            pooler("haproxy:3", "", "haproxy.cfg", "backend pg\n  server a db:5432 check\n"),
            "G1 cart+orders",
        ),
    ] {
        assert_eq!(graded(&format!("{direct}{through}{text}")), [expected], "{case}");
    }
}

/// What `shared` says of each database.
fn shared(text: &str) -> Vec<(String, Value)> {
    let estate = estate(text);
    let subjects = datastore_subjects(&Set::new(estate.view(0)));
    let of = |subject: &Subject| match value(&subject.fact, "id") {
        Value::String(id) => (id.to_string(), value(&subject.fact, "shared").clone()),
        other => panic!("{other:?} is no id"),
    };
    subjects.iter().map(of).collect()
}

#[test]
fn what_stands_behind_a_silent_proxy_or_a_loopback_is_not_known() {
    let unknown = || Value::String("unknown".into());
    let silent = pooler("pgbouncer", "", "x", "");
    let orders = |host: &str, database: &str| told("orders", &format!("postgres://o@{host}/{database}"));
    let carts = |host: &str, database: &str| told("carts", &format!("postgres://c@{host}/{database}"));
    for (case, text, expected) in [
        (
            "one client",
            silent.clone() + &orders("pool", "a"),
            vec![("postgresql:Service/shop/pool/a", unknown())],
        ),
        (
            "one database",
            silent.clone() + &orders("pool", "a") + &carts("pool", "a"),
            vec![("postgresql:Service/shop/pool/a", Value::Bool(true))],
        ),
        (
            "loopbacks of two Pods",
            orders("localhost", "a") + &carts("127.0.0.1", "a"),
            vec![
                ("postgresql:Deployment/shop/orders:5432/a", unknown()),
                ("postgresql:Deployment/shop/carts:5432/a", unknown()),
            ],
        ),
        (
            "a database of its own",
            app(
                "wiki",
                "app: wiki",
                "env: [{name: DATABASE_URL, value: 'postgres://w@localhost/wiki'}]",
                ", {name: db, image: 'postgres:16'}",
            ),
            vec![("postgresql:Deployment/shop/wiki/wiki", Value::Bool(false))],
        ),
    ] {
        let expected: Vec<(String, Value)> =
            expected.into_iter().map(|(id, value)| (id.to_owned(), value)).collect();
        assert_eq!(shared(&text), expected, "{case}");
    }
    let two = silent + &orders("pool", "a") + &carts("pool", "b");
    assert_eq!(graded(&two), ["G3 carts+orders"], "which the rule does not assess");
}
