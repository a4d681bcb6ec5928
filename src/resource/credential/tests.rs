use std::sync::Arc;

use super::*;
use crate::{document::yaml, resource::kubernetes::objects, source::SourceId};

fn found<T>(text: &str, show: impl Fn(&Found, &str) -> T) -> Vec<T> {
    let text: Arc<str> = text.into();
    let parsed = yaml::parse(SourceId(0), &text);
    assert!(parsed.errors.is_empty(), "{text}");
    let document = &parsed.documents[0];
    let objects = objects(document);
    let object = objects.first().expect("a Kubernetes object");
    find(object, document.root()).iter().map(|found| show(found, &text)).collect()
}

fn classes(text: &str) -> Vec<String> {
    found(text, |found, text| {
        let class = found.class.map_or("kept", Class::name);
        format!("{class} {} {}", found.key, &text[found.span.clone()])
    })
}

fn pod(container: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: p}}\nspec:\n  containers:\n  - name: c\n    {container}\n"
    )
}

fn map(data: &str) -> String {
    format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: m}}\ndata:\n{data}\n")
}

#[test]
fn credentials_of_containers_are_found_where_they_are_written() {
    for (name, container, expected) in [
        (
            "a weak one",
            "env: [{name: MYSQL_ROOT_PASSWORD, value: root}]",
            &["weak MYSQL_ROOT_PASSWORD root"][..],
        ),
        ("a literal", "env: [{name: DB_PASSWORD, value: accounts-pwd}]", &["named DB_PASSWORD accounts-pwd"]),
        ("a number", "env: [{name: DB_PASSWORD, value: 83729134}]", &["named DB_PASSWORD 83729134"]),
        (
            "a reference",
            "env: [{name: DB_PASSWORD, valueFrom: {secretKeyRef: {name: a, key: password}}}]",
            &[],
        ),
        ("vault", "env: [{name: DB_PASSWORD, value: 'vault:secret/data/db#password'}]", &[]),
        ("a variable", "env: [{name: DB_PASSWORD, value: $(OTHER)}]", &[]),
        ("what a shell puts in", "args: ['--password=$(cat /run/secrets/p)', '--db-password=`cat /p`']", &[]),
        ("a file", "env: [{name: DB_PASSWORD_FILE, value: /vault/secrets/db}]", &[]),
        ("a duration", "env: [{name: SESSION_TOKEN_TTL, value: '3600'}, {name: API_TOKEN, value: 15m}]", &[]),
        (
            "a switch",
            "env: [{name: USE_TOKEN, value: 'true'}, {name: MYSQL_ALLOW_EMPTY_PASSWORD, value: 'yes'}]",
            &[],
        ),
        (
            "a placeholder",
            "env: [{name: API_KEY, value: <API KEY>}, {name: GOOGLE_API_KEY, value: GOOGLE_API_KEY_VAL}]",
            &[],
        ),
        ("the name of a Secret", "env: [{name: CLIENT_TLS_SECRET, value: shop-tls}]", &[]),
        ("a URL", "env: [{name: URL, value: 'postgres://u:p4ss@db/x'}]", &["connection-string URL p4ss"]),
        (
            "a flag",
            "args: [--db-password=p4ss-word, --password, other-word]",
            &["named --db-password p4ss-word", "named --password other-word"],
        ),
        (
            "flags in a variable",
            "env: [{name: JAVA_OPTS, value: -Xmx1g -Ddb.password=p4ss-word}]",
            &["named db.password p4ss-word"],
        ),
        ("a script", "command: [sh, -c, 'PGPASSWORD=p4ss-word psql']", &["named PGPASSWORD p4ss-word"]),
        (
            "short flags of clients",
            "command: [sh, -c, 'mysqladmin -uroot -pp4ss-word ping || redis-cli -a p5ss-word ping']",
            &["named --password p4ss-word", "named --password p5ss-word"],
        ),
        (
            "short flags with references, and of other programs",
            "command: [sh, -c, 'mysql -uroot -p$MYSQL_ROOT_PASSWORD; mysql -p\"${PW}\" shop; mysql -p shop; ssh -p 2222 host; mkdir -p a/data; PGPASSWORD=$PW psql; redis-cli -a \"$REDIS_PASSWORD\"']",
            &[],
        ),
        (
            "settings within flags",
            "command: [helm, upgrade, --set, 'replicas=2,db.password=p4ss-word', --from-literal=token=p5ss-word, -e, DB_PASSWORD=p6ss-word, --api-key=cGFzcw==, -d, '{\"password\": \"p7ss-word\"}']",
            &[
                "named db.password p4ss-word",
                "named token p5ss-word",
                "named DB_PASSWORD p6ss-word",
                "named --api-key cGFzcw==",
                "named password p7ss-word",
            ],
        ),
        (
            "logins of clients",
            "command: [sh, -c, 'curl -su shop:p4ss-word http://a; aws configure set aws_secret_access_key p5ss-word; docker login -u a -p p6ss-word b; rabbitmqctl add_user a p7ss-word; openssl rsa -passin pass:p8ss-word']",
            &[
                "named --password p4ss-word",
                "named aws_secret_access_key p5ss-word",
                "named --password p6ss-word",
                "named --password p7ss-word",
                "named --password p8ss-word",
            ],
        ),
        (
            "flags without a credential",
            "command: [sh, -c, 'docker login --password-stdin registry.example.com; docker run -p 80:80 a; psql --no-password shop; curl -u $U:$P -u shop http://a; helm upgrade --set auth.existingSecret=a,auth.passwordKey=b --set-file password=./p; mysql -p\"$P\"; nc -p8080; vault login -method=jwt role=a; aws configure set aws_secret_access_key $A']",
            &[],
        ),
        (
            "a header",
            "readinessProbe: {httpGet: {httpHeaders: [{name: Authorization, value: Basic dTpwNHNzd29yZA==}]}}",
            &["connection-string Authorization dTpwNHNzd29yZA=="],
        ),
        (
            "randomness",
            "env: [{name: THING, value: q7Zk2Wv9Lx4Tb8Nc3Rm6Yp1Jd5}]",
            &["random THING q7Zk2Wv9Lx4Tb8Nc3Rm6Yp1Jd5"],
        ),
        ("a digest", "env: [{name: GIT_COMMIT, value: 11bbf7e11bbf7e11bbf7e11bbf7e11bbf7e11bbf}]", &[]),
    ] {
        assert_eq!(classes(&pod(container)), expected, "{name}");
    }
}

#[test]
fn credentials_in_configuration_are_found_within_files() {
    for (name, data, expected) in [
        ("a key", "  DEMO_LOGIN_PASSWORD: bankofanthos", &["named DEMO_LOGIN_PASSWORD bankofanthos"][..]),
        ("a connection string", "  uri: postgresql://u:p4ss@db/x", &["connection-string uri p4ss"]),
        (
            "YAML",
            "  application.yml: |\n    # password: old\n    spring:\n      datasource:\n        password: p4ss-word\n        url: jdbc:postgresql://db/x",
            &["named spring.datasource.password p4ss-word"],
        ),
        (
            "properties",
            "  a.properties: |\n    token.ttl=30\n    redis.password=p4ss-word",
            &["named redis.password p4ss-word"],
        ),
        (
            "redis",
            "  redis.conf: |\n    maxmemory 1gb\n    requirepass p4ss-word\n    # requirepass old",
            &["named requirepass p4ss-word"],
        ),
        (
            "a script",
            "  run.sh: |\n    export DB_PASSWORD=\"p4ss word\"\n    TOKEN=$(cat /token)\n    export API_PASSWORD=\"$(cat /p)\"\n    A_PASSWORD=`cat /p`\n    password = getpass()\n    psql postgres://u:p5ss@db/x",
            &["named DB_PASSWORD p4ss word", "connection-string  p5ss"],
        ),
        (
            "JSON in a variable",
            "  APP_JSON: '{\"db\": {\"password\": \"p4ss-word\", \"url\": \"postgres://u:p5ss@db/x\"}, \"host\": \"db\"}'",
            &["named db.password p4ss-word", "connection-string db.url p5ss"],
        ),
        ("a template that is no JSON", "  A: '{{ .Values.password }}'\n  B: '{x}'", &[]),
        ("prose", "  password: Enter your password here", &[]),
        (
            "words behind one another",
            "  haproxy.cfg: |\n    userlist a\n      user a insecure-password p4ss-word-0\n  fluent.conf: |\n    <match **>\n    user elastic\n    password p4ss-word-1\n    </match>\n    password must have 8 characters\n    password required\n",
            &["named password p4ss-word-0", "named password p4ss-word-1"],
        ),
        (
            "directives, constants and keys with what they stand under",
            "  ldap.conf: |\n    binddn cn=a\n    bindpw p4ssword\n  fluent-bit.conf: |\n    HTTP_User a\n    HTTP_Passwd word\n  a.js: |\n    const apiKey = \"p4ss-word\";\n    const token = getToken();\n    let password = process.env.PASSWORD;\n  A.java: |\n    private static final String DB_PASSWORD = \"p5ss-word\";\n  a.go: |\n    password := \"p6ss-word\"\n  a.yaml: |\n    jwt: {key: p7ss-w0rd}\n    cache: {auth: {secret: shop}}\n    password: '${DB_PASSWORD:p8ss-word}'",
            &[
                "named bindpw p4ssword",
                "named HTTP_Passwd word",
                "named apiKey p4ss-word",
                "named DB_PASSWORD p5ss-word",
                "named password p6ss-word",
                "named jwt.key p7ss-w0rd",
                "named password p8ss-word",
            ],
        ),
        (
            "names of entries, columns and variables in programs",
            "  a.js: |\n    export const ACCESS_TOKEN = \"access_token\";\n    const PASSWORD = 'password';\n    const token = v1Token;\n  a.go: |\n    password := password1\n  a.sql: |\n    CREATE TABLE users (\n      user_password text\n    );\n  a.graphql: |\n    type User {\n      password: String!\n    }\n  map.txt: |\n    DB_PASSWORD db-password\n    other x\n",
            &[],
        ),
        (
            "pairs",
            "  realm.json: |\n    {\"users\": [{\"credentials\": [{\"type\": \"password\", \"value\": \"p4ssword\"}, {\"type\": \"otp\", \"value\": \"p5ssword\"}]}]}\n  kubeconfig: |\n    users: [{name: a, user: {token: p6ss-word, client-certificate-data: abcd}}]",
            &["named users[0].credentials[0].password p4ssword", "named users[0].user.token p6ss-word"],
        ),
        (
            "what clients log in with",
            "  config.json: '{\"auths\": {\"registry.example.com\": {\"auth\": \"dTpwNHNzLXdvcmQ=\"}}}'\n  .pgpass: db:5432:*:u:p4ss-word",
            &["named auths.registry.example.com.auth dTpwNHNzLXdvcmQ=", "named password p4ss-word"],
        ),
        ("markup", "  x.txt: |\n    password\n    apiVersion: v1\n    kind: Secret", &[]),
    ] {
        let found: Vec<String> = classes(&map(data));
        let expected: Vec<String> = expected.iter().map(|line| line.replace("  ", " ")).collect();
        assert_eq!(found.iter().map(|line| line.replace("  ", " ")).collect::<Vec<_>>(), expected, "{name}");
    }
}

#[test]
fn custom_resources_hold_credentials_and_names_of_them() {
    for (name, text, expected) in [
        (
            "the plain template of a sealed Secret",
            "apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata: {name: a}\nspec:\n  encryptedData: {password: AgBy3i4OJSWK+PiTySYZZA9rO43cGDEq}\n  template: {data: {password: p4ss-word, other: '{{ .password }}'}}",
            &["named password p4ss-word"][..],
        ),
        (
            "names in an ExternalSecret",
            "apiVersion: external-secrets.io/v1\nkind: ExternalSecret\nmetadata: {name: a}\nspec:\n  data: [{secretKey: password, remoteRef: {key: db, property: password}}]",
            &[],
        ),
        (
            "names in a connector",
            "apiVersion: kafka.strimzi.io/v1beta2\nkind: KafkaConnect\nmetadata: {name: a}\nspec: {authentication: {passwordSecret: {secretName: my-user, password: my-key}}, config: {ssl.password: '${file:/opt/x:password}'}}",
            &[],
        ),
        (
            "values of a chart",
            "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: a}\nspec: {values: {db: {password: p4ss-word, existingSecret: x}, a: {password: db-password, existingSecret: x}, b: {password: postgres, existingSecret: x}}}",
            &["named password p4ss-word"],
        ),
        (
            "values and names beside the name of a Secret",
            "apiVersion: example.com/v1\nkind: Thing\nmetadata: {name: a}\nspec: {a: {secretName: x, password: p4ss-word, token: my-token}, b: {secretName: x, password: bankofanthos}, c: {secretName: x, env: [{name: DB_PASSWORD, value: bankofanthos}]}}",
            &["named password p4ss-word", "named DB_PASSWORD bankofanthos"],
        ),
        (
            "keys of an API, by their values",
            "apiVersion: example.com/v1\nkind: Thing\nmetadata: {name: a}\nspec: {clientSecret: s3cr3t-v4lue, apiKey: Ab7!x9#k, a: {clientSecret: shop-oidc, apiKey: shop-api-key, token: k8s-token, accessKey: admin@example.com, authToken: 'shop-*'}}",
            &["named clientSecret s3cr3t-v4lue", "named apiKey Ab7!x9#k"],
        ),
        (
            "headers of Envoy",
            "apiVersion: networking.istio.io/v1\nkind: EnvoyFilter\nmetadata: {name: a}\nspec: {add: [{header: {key: Authorization, value: Basic dTpwNHNzd29yZA==}}, {header: {key: x-api-key, value: p4ss-word}}, {header: {key: x-env, value: q7Zk2Wv9Lx4Tb8Nc3Rm6Yp1Jd5}}]}",
            &["connection-string Authorization dTpwNHNzd29yZA==", "named x-api-key p4ss-word"],
        ),
        (
            "scripts of pipelines",
            "apiVersion: tekton.dev/v1\nkind: Task\nmetadata: {name: a}\nspec: {steps: [{name: a, script: 'curl -u shop:p4ss-word http://a; export TOKEN=$(cat /t)'}]}",
            &["named password p4ss-word"],
        ),
        (
            "values of a chart without a reference",
            "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: a}\nspec: {source: {helm: {parameters: [{name: db.password, value: p4ss-word}], values: \"a:\\n  token: abcdef-x\\n\"}}}",
            &["named db.password p4ss-word", "named a.token \"a:\\n  token: abcdef-x\\n\""],
        ),
        (
            "a schema",
            "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: a}\nspec: {default: {password: hunter-22}}",
            &[],
        ),
        (
            "what the API calls by such names",
            "apiVersion: example.com/v1\nkind: Thing\nmetadata: {name: a}\nspec: {token: shop-token, secret: shop, tls: {secretName: x}, password: p4ss-word}",
            &["named password p4ss-word"],
        ),
    ] {
        assert_eq!(classes(text), expected, "{name}");
    }
}

#[test]
fn values_of_charts_hold_credentials_and_names_of_objects() {
    let found = |text: &str| -> Vec<String> {
        let text: Arc<str> = text.into();
        let parsed = yaml::parse(SourceId(0), &text);
        assert!(parsed.errors.is_empty(), "{text}");
        let found = find_in_values(parsed.documents[0].root());
        found.iter().map(|found| format!("{:?} {}", found.class, found.at)).collect()
    };
    for (name, text, expected) in [
        (
            "credentials",
            "auth: {postgresPassword: p4ss-word, existingSecret: ''}\nadminPassword: prom-operator\nroot: {password: changeme}\nredis: {url: 'redis://:p4ss@cache'}\nsmtp: {password: 83729134}",
            &[
                "Some(Named) auth.postgresPassword",
                "Some(Named) adminPassword",
                "Some(Weak) root.password",
                "Some(ConnectionString) redis.url",
                "Some(Named) smtp.password",
            ][..],
        ),
        (
            "variables and pairs",
            "extraEnv: [{name: API_TOKEN, value: abcd-efgh-1}]\nsecrets: {DB_PASSWORD: p4ss-word}\nminio: {accessKey: shop-access, secretKey: p4ss-word-2}\njwtSecret: p4ss-word-3",
            &[
                "Some(Named) extraEnv[0].value",
                "Some(Named) secrets.DB_PASSWORD",
                "Some(Named) minio.accessKey",
                "Some(Named) minio.secretKey",
                "Some(Named) jwtSecret",
            ],
        ),
        (
            "names of Secrets and of their keys",
            "auth: {existingSecret: shop-db, password: '', secretKeys: {adminPasswordKey: postgres-password, password: db-password}}\ntls: {secret: shop.example.com, secretName: x}\nimage: {pullSecrets: [registry-credentials]}\nexternalDatabase: {existingSecretPasswordKey: db-password}\nadminPasswordSecret: shop-admin\nclientSecret: shop-secret\ndatabase: {secretName: db, secretKey: password}\nexistingSecret: {name: db, keys: {password: db-password}}\nenvFromSecret: shop-env\napiKeySecretKey: api-key\nspi: {truststoreSecretKey: truststore.jks}",
            &[],
        ),
        (
            "references, empty and other values",
            "password: ''\nb: {password: '{{ .Values.global.password }}', token: '${TOKEN}'}\nc: {password: null, usePassword: false, tokenTTL: 3600, passwordFile: /run/secrets/db}\nd: {password: <PASSWORD>, secret: 'vault:secret/data/db#password'}\nimage: {digest: 'sha256:90d47594270e64f8dafa6da52c89ff70c2483cca0821dff2cc38b1450ac7a6b9', tag: q7Zk2Wv9}\nauth: basic\ne: {clientSecret: $dex.github.clientSecret, client_secret: '$__file{/etc/secrets/oauth}'}",
            &[],
        ),
        (
            "lists of secrets",
            "secrets: [{name: db, value: P4ss-Word}, {name: mail, value: shop-mail}, {name: cache, value: ''}]\nsettings: [{name: db, value: p4ss-word}]",
            &["Some(Named) secrets[0].value"],
        ),
        (
            "keys of tokens, and texts for people",
            "jwt: {key: p4ss-w0rd}\nprivate: {key: tls.key}\ntranslations: {de: {password: Geheim}}\nauth: {secret: shop}\ndbPasswordSecret: prod/db",
            &["Some(Named) jwt.key"],
        ),
        (
            "encrypted by SOPS, value by value",
            "password: 'ENC[AES256_GCM,data:a,iv:b,tag:c,type:str]'\nplain: {password: p4ss-word}\nsops: {mac: 'ENC[AES256_GCM,data:a,iv:b,tag:c,type:str]', kms: [{enc: q7Zk2Wv9Lx4Tb8Nc3Rm6Yp1Jd5Hs0Gf7}]}",
            &["Some(Named) plain.password"],
        ),
    ] {
        assert_eq!(found(text), expected, "{name}");
    }
}

#[test]
fn values_of_a_secret_are_kept_whatever_they_are() {
    let text = "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\ndata: {user: cm9vdA==, password: Y2hhbmdlbWU=, five: 5}\nstringData:\n  plain: <later>\n  a.yaml: |\n    host: db\n    token_ttl: 5\n  b.yaml: |\n    host: db\n    password: p4ss-word\n";
    let shapes = found(text, |found, _| format!("{} {:?} {}", found.at, found.class, found.shape.name()));
    assert_eq!(
        shapes,
        [
            "data.user None text",
            "data.password Some(Weak) text",
            "data.five None unknown",
            "stringData.plain None placeholder",
            "stringData[\"a.yaml\"] None configuration",
            "stringData[\"b.yaml\"] None text",
        ]
    );
}

#[test]
fn a_key_in_pem_is_found_in_any_string() {
    let pem = "-----BEGIN PRIVATE KEY-----\\nZmFrZWZha2VmYWtlZmFrZWZha2VmYWtl\\n-----END PRIVATE KEY-----\\n";
    let text = format!(
        "apiVersion: example.com/v1\nkind: Thing\nmetadata: {{name: a, annotations: {{note: \"{pem}\"}}}}\nspec: {{list: [x, \"{pem}\"]}}"
    );
    let places = found(&text, |found, _| format!("{} {:?}", found.at, found.class));
    assert_eq!(places, ["metadata.annotations.note Some(PrivateKey)", "spec.list[1] Some(PrivateKey)"]);
}

#[test]
fn what_must_not_be_shown_is_more_than_what_is_judged() {
    let masked = |text: &str| -> Vec<String> {
        let text: Arc<str> = text.into();
        let parsed = yaml::parse(SourceId(0), &text);
        let root = parsed.documents[0].root();
        let objects = objects(&parsed.documents[0]);
        secrets(&objects[0], root).into_iter().map(|secret| text[secret.span].to_owned()).collect()
    };
    let applied = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: a\n  annotations:\n    kubectl.kubernetes.io/last-applied-configuration: '{\"data\":{}}'\ndata: {a: YQ==}\n";
    assert_eq!(masked(applied), ["YQ==", "'{\"data\":{}}'"]);
    let fake = "apiVersion: external-secrets.io/v1\nkind: SecretStore\nmetadata: {name: a}\nspec: {provider: {fake: {data: [{key: /a, value: hidden, version: v1}]}}}";
    assert_eq!(masked(fake), ["hidden"]);
}

#[test]
fn half_written_objects_are_searched_without_panic() {
    for spec in [
        "{containers: {env: x}, template: [[{name: a, value: {b: c}}]]}",
        "{a: {name: {}, value: x}, command: [1, ~, {}], args: x}",
        "[]",
    ] {
        let _ = classes(&format!("apiVersion: v1\nkind: Pod\nmetadata: {{name: p}}\nspec: {spec}"));
    }
}

#[test]
fn what_a_value_of_a_secret_holds_must_not_be_said_either() {
    let text = "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData:\n  url: mysql://u:q7Zk2Wv9Lx@db/x\n  application.yml: \"db:\\n  password: n8Xq5Lm2Rt\\n\"\ndata:\n  cfg: ZGI6CiAgcGFzc3dvcmQ6IHc0UmU4VXoxUWkwTwo=\n";
    let values = found(text, |found, _| found.values.clone()).concat();
    for inner in ["q7Zk2Wv9Lx", "n8Xq5Lm2Rt", "w4Re8Uz1Qi0O"] {
        assert!(values.iter().any(|value| value == inner), "{inner}");
    }
}

#[test]
fn one_line_that_ends_is_a_value_and_no_file() {
    let text = map("  DB_PASSWORD: |\n    q7Zk2Wv9LxAA\n");
    assert_eq!(found(&text, |found, _| found.class), [Some(Class::Named)]);
    let code = map("  app.js: |\n    password: process.env.DB_PASSWORD,\n    token: config.token,\n");
    assert_eq!(found(&code, |found, _| found.class), []);
}
