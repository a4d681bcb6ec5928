use super::*;
use crate::{
    document::yaml,
    estate::Estate,
    facts::Value,
    source::{Source as Input, Sources, Status},
};

fn with_set<T>(text: &str, show: impl Fn(&Set<'_>) -> T) -> T {
    let sources = Sources::new(vec![Input::new("a.yaml", text, None, Status::Read)]);
    let documents = sources.iter().flat_map(|(id, source)| yaml::parse(id, &source.text).documents).collect();
    let estate = Estate::new(sources, documents, Vec::new(), "default");
    show(&Set::new(estate.view(0)))
}

fn text(fact: &Fact, key: &str) -> String {
    match fact.get(key).map(|field| &field.value) {
        Some(Value::String(text)) => text.to_string(),
        Some(Value::Null) => "-".to_owned(),
        other => panic!("`{key}` is {other:?}"),
    }
}

/// `key: source` of each credential.
fn sources(text_of: &str) -> Vec<String> {
    with_set(text_of, |set| {
        overview(set)
            .iter()
            .map(|entry| format!("{}: {}", text(entry, "key"), text(entry, "source")))
            .collect()
    })
}

fn pod(annotations: &str, container: &str, volumes: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: p, annotations: {annotations}}}\nspec: {{containers: [{{name: c, {container}}}], volumes: {volumes}}}\n"
    )
}

fn secret_of(maker: &str) -> String {
    format!(
        "{}---\n{maker}\n",
        pod("{}", "env: [{name: PASSWORD, valueFrom: {secretKeyRef: {name: db, key: password}}}]", "[]")
    )
}

#[test]
fn the_source_of_a_setting_is_where_its_text_is_kept() {
    for (name, container, expected) in [
        (
            "a literal",
            "env: [{name: DB_PASSWORD, value: p4ss-word}, {name: HOST, value: db}]",
            &["env DB_PASSWORD: literal"][..],
        ),
        ("a connection string", "env: [{name: URL, value: 'postgres://u:p4ss@db/x'}]", &["env URL: literal"]),
        ("a flag", "args: [--db-password=p4ss-word]", &["arg --db-password: literal"]),
        (
            "a reference to a vault",
            "env: [{name: DB_PASSWORD, value: 'vault:secret/data/db#password'}]",
            &["env DB_PASSWORD: external"],
        ),
        (
            "a file",
            "env: [{name: DB_PASSWORD_FILE, value: /vault/secrets/db}]",
            &["env DB_PASSWORD_FILE: file"],
        ),
        (
            "what is put together of others",
            "env: [{name: P, valueFrom: {secretKeyRef: {name: gone, key: p}}}, {name: URL, value: 'postgres://u:$(P)@db/x'}]",
            &["env P: unknown"],
        ),
        (
            "a Secret of the input",
            "envFrom: [{secretRef: {name: login}}]",
            &["env USER: committed-secret", "env PASSWORD: unknown"],
        ),
        (
            "a ConfigMap that is not in the input",
            "env: [{name: PASSWORD, valueFrom: {configMapKeyRef: {name: gone, key: p}}}, {name: HOST, valueFrom: {configMapKeyRef: {name: gone, key: h}}}]",
            &["env PASSWORD: unknown"],
        ),
        ("a public key", "env: [{name: CA, valueFrom: {secretKeyRef: {name: trust, key: ca.crt}}}]", &[]),
    ] {
        let kept = "---\napiVersion: v1\nkind: Secret\nmetadata: {name: login}\nstringData: {USER: me, PASSWORD: <later>}\n---\napiVersion: v1\nkind: Secret\nmetadata: {name: trust}\nstringData: {ca.crt: \"-----BEGIN CERTIFICATE-----\\nMIIE\\n-----END CERTIFICATE-----\\n\"}\n";
        assert_eq!(sources(&format!("{}{kept}", pod("{}", container, "[]"))), expected, "{name}");
    }
}

#[test]
fn a_secret_is_external_where_something_makes_it() {
    for (name, maker, source) in [
        ("nothing", "", "unknown"),
        (
            "External Secrets",
            "apiVersion: external-secrets.io/v1\nkind: ExternalSecret\nmetadata: {name: x}\nspec: {target: {name: db}}",
            "external",
        ),
        (
            "one named as it",
            "apiVersion: external-secrets.io/v1\nkind: ExternalSecret\nmetadata: {name: db}\nspec: {}",
            "external",
        ),
        (
            "one that makes nothing",
            "apiVersion: external-secrets.io/v1\nkind: ExternalSecret\nmetadata: {name: db}\nspec: {target: {creationPolicy: None}}",
            "unknown",
        ),
        (
            "one of another namespace",
            "apiVersion: external-secrets.io/v1\nkind: ExternalSecret\nmetadata: {name: db, namespace: other}\nspec: {}",
            "unknown",
        ),
        (
            "one for all namespaces",
            "apiVersion: external-secrets.io/v1\nkind: ClusterExternalSecret\nmetadata: {name: x}\nspec: {externalSecretName: db, namespaceSelector: {}}",
            "external",
        ),
        (
            "one for namespaces by name",
            "apiVersion: external-secrets.io/v1\nkind: ClusterExternalSecret\nmetadata: {name: x}\nspec: {namespaces: [default], externalSecretSpec: {target: {name: db}}}",
            "external",
        ),
        (
            "one for namespaces with a label",
            "apiVersion: external-secrets.io/v1\nkind: ClusterExternalSecret\nmetadata: {name: db}\nspec: {namespaceSelectors: [{matchLabels: {team: a}}, {matchLabels: {team: b}}]}\n---\napiVersion: v1\nkind: Namespace\nmetadata: {name: default, labels: {team: b}}",
            "external",
        ),
        (
            "one for namespaces with another label",
            "apiVersion: external-secrets.io/v1\nkind: ClusterExternalSecret\nmetadata: {name: db}\nspec: {namespaceSelectors: [{matchLabels: {team: a}}]}\n---\napiVersion: v1\nkind: Namespace\nmetadata: {name: default, labels: {team: b}}",
            "unknown",
        ),
        (
            "one for namespaces with a label, of which nobody says that this is one",
            "apiVersion: external-secrets.io/v1\nkind: ClusterExternalSecret\nmetadata: {name: db}\nspec: {namespaceSelectors: [{matchLabels: {team: a}}]}",
            "unknown",
        ),
        (
            "one for no namespace",
            "apiVersion: external-secrets.io/v1\nkind: ClusterExternalSecret\nmetadata: {name: db}\nspec: {}",
            "unknown",
        ),
        (
            "Vault Secrets Operator",
            "apiVersion: secrets.hashicorp.com/v1beta1\nkind: VaultStaticSecret\nmetadata: {name: x}\nspec: {destination: {name: db, create: true}}",
            "external",
        ),
        (
            "the CSI driver",
            "apiVersion: secrets-store.csi.x-k8s.io/v1\nkind: SecretProviderClass\nmetadata: {name: x}\nspec: {secretObjects: [{secretName: db}]}",
            "external",
        ),
        (
            "a sealed Secret",
            "apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata: {name: db}\nspec: {}",
            "external",
        ),
        (
            "a certificate",
            "apiVersion: cert-manager.io/v1\nkind: Certificate\nmetadata: {name: x}\nspec: {secretName: db}",
            "external",
        ),
        (
            "a composed resource",
            "apiVersion: sql.example.com/v1\nkind: Database\nmetadata: {name: x}\nspec: {writeConnectionSecretToRef: {name: db}}",
            "external",
        ),
        (
            "SOPS",
            "apiVersion: v1\nkind: Secret\nmetadata: {name: db}\nstringData: {password: 'ENC[AES256_GCM,data:a,iv:b,tag:c,type:str]'}\nsops: {mac: x}",
            "external",
        ),
        (
            "SOPS that left a value out",
            "apiVersion: v1\nkind: Secret\nmetadata: {name: db}\nstringData: {password: p4ss-word}\nsops: {mac: x}",
            "committed-secret",
        ),
        (
            "an owner",
            "apiVersion: v1\nkind: Secret\nmetadata: {name: db, ownerReferences: [{kind: Thing}]}\nstringData: {password: p4ss-word}",
            "generated",
        ),
    ] {
        assert_eq!(sources(&secret_of(maker)), [format!("env PASSWORD: {source}")], "{name}");
    }
    let operators = [
        ("postgresql.cnpg.io/v1", "Cluster", "c", "c-app"),
        ("postgres-operator.crunchydata.com/v1beta1", "PostgresCluster", "c", "c-pguser-me"),
        ("acid.zalan.do/v1", "postgresql", "c", "me.c.credentials.postgresql.acid.zalan.do"),
        ("kafka.strimzi.io/v1beta2", "KafkaUser", "me", "me"),
        ("elasticsearch.k8s.elastic.co/v1", "Elasticsearch", "c", "c-es-elastic-user"),
        ("rabbitmq.com/v1beta1", "RabbitmqCluster", "c", "c-default-user"),
    ];
    for (version, kind, owner, secret) in operators {
        let text = secret_of(&format!(
            "apiVersion: {version}\nkind: {kind}\nmetadata: {{name: {owner}}}\nspec: {{}}"
        ));
        let text = text.replace("name: db, key", &format!("name: {secret}, key"));
        assert_eq!(sources(&text), ["env PASSWORD: external"], "{kind}");
    }
}

/// The sources of three keys of a Secret, which something makes.
fn by_key(maker: &str, committed: &str) -> Vec<String> {
    let variables = ["a", "b", "c"]
        .map(|key| format!("{{name: {key}, valueFrom: {{secretKeyRef: {{name: db, key: {key}}}}}}}"));
    let pod = pod("{}", &format!("env: [{}]", variables.join(", ")), "[]");
    sources(&format!("{pod}---\n{maker}\n---\n{committed}\n"))
}

#[test]
fn what_is_merged_into_a_secret_counts_key_by_key() {
    const COMMITTED: &str =
        "apiVersion: v1\nkind: Secret\nmetadata: {name: db}\nstringData: {a: p4ss-a, b: p4ss-b, c: p4ss-c}";
    let external = |spec: &str| {
        format!(
            "apiVersion: external-secrets.io/v1\nkind: ExternalSecret\nmetadata: {{name: db}}\nspec: {spec}"
        )
    };
    for (name, spec, expected) in [
        ("the whole Secret", "{data: [{secretKey: a}]}", ["external", "external", "external"]),
        (
            "some keys",
            "{target: {creationPolicy: Merge}, data: [{secretKey: a}, {secretKey: b}]}",
            ["external", "external", "committed-secret"],
        ),
        (
            "some keys, and made where it is missing",
            "{target: {creationPolicy: CreateOrMerge}, data: [{secretKey: a}]}",
            ["external", "committed-secret", "committed-secret"],
        ),
        (
            "keys that the store knows",
            "{target: {creationPolicy: Merge}, data: [{secretKey: a}], dataFrom: [{extract: {key: x}}]}",
            ["external", "unknown", "unknown"],
        ),
        (
            "keys of a template",
            "{target: {creationPolicy: Merge, template: {data: {b: '{{ .a }}'}}}, data: [{secretKey: a}]}",
            ["committed-secret", "external", "committed-secret"],
        ),
        (
            "a literal in a template",
            "{target: {template: {data: {a: 'postgres://u:p4ss-word@db/x', b: 'postgres://u:{{ .p }}@db/x', c: db}}}}",
            ["literal", "external", "external"],
        ),
    ] {
        let keys = ["a", "b", "c"].iter().zip(expected);
        let expected: Vec<String> = keys.map(|(key, source)| format!("env {key}: {source}")).collect();
        assert_eq!(by_key(&external(spec), COMMITTED), expected, "{name}");
    }
    let merged = external("{target: {creationPolicy: Merge}, data: [{secretKey: a}]}");
    assert_eq!(by_key(&merged, "{}"), ["env a: external", "env b: unknown", "env c: unknown"]);
    let sealed = "apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata: {name: db}\nspec: {encryptedData: {a: AgBy}, template: {data: {a: 'amqp://u:p4ss@q', b: 'amqp://u:p4ss@q'}}}";
    assert_eq!(by_key(sealed, "{}"), ["env a: external", "env b: literal", "env c: external"]);
}

#[test]
fn files_come_from_secrets_agents_and_drivers() {
    for (name, annotations, container, volumes, expected) in [
        (
            "Vault Agent",
            "{vault.hashicorp.com/agent-inject: 'true', vault.hashicorp.com/agent-inject-secret-db: a/b}",
            "image: x",
            "[]",
            &["file db: file"][..],
        ),
        (
            "Vault Agent that is off",
            "{vault.hashicorp.com/agent-inject-secret-db: a/b}",
            "image: x",
            "[]",
            &["file db: unknown"],
        ),
        (
            "the CSI driver",
            "{}",
            "volumeMounts: [{name: v, mountPath: /v}]",
            "[{name: v, csi: {driver: secrets-store.csi.k8s.io, volumeAttributes: {secretProviderClass: db}}}]",
            &["file db: file"],
        ),
        (
            "a Secret that is not in the input",
            "{}",
            "volumeMounts: [{name: v, mountPath: /v}]",
            "[{name: v, secret: {secretName: gone, items: [{key: a, path: b}]}}]",
            &["file b: unknown"],
        ),
    ] {
        assert_eq!(sources(&pod(annotations, container, volumes)), expected, "{name}");
    }
}

#[test]
fn one_subject_for_each_secret_of_a_workload_and_its_values_stay_outside() {
    let text_of = format!(
        "{}---\napiVersion: v1\nkind: Secret\nmetadata: {{name: login}}\nstringData: {{USER: unguessable-user, PASSWORD: unguessable-word}}\n",
        pod(
            "{}",
            "envFrom: [{secretRef: {name: login}}], env: [{name: API_TOKEN, value: unguessable-token}]",
            "[]"
        )
    );
    with_set(&text_of, |set| {
        let subjects = subjects(set);
        let shown: Vec<String> = subjects
            .iter()
            .map(|subject| format!("{} {}", text(&subject.fact, "secret"), text(&subject.fact, "source")))
            .collect();
        assert_eq!(shown, ["- literal", "Secret/default/login committed-secret"]);
        let debug = format!("{subjects:?}{:?}{:?}", overview(set), set.credentials());
        assert!(!debug.contains("unguessable"), "{debug}");
    });
}
