//! Every place that a credential can have.
//!
//! `%%` is a value, `%b64%` one in base64, `%login%` one behind a user in base64, `%docker%` one in
//! a configuration of Docker in base64, `%random%` one that is random enough to be told by that, `%properties%`, `%xml%`
//! and `%sql%` files with one in base64.

pub(super) const MANIFESTS: &str = r#"apiVersion: apps/v1
kind: Deployment
metadata:
  name: cart
  namespace: shop
  annotations:
    kubectl.kubernetes.io/last-applied-configuration: '{"spec":{"password":"%%"}}'
spec:
  selector: {matchLabels: {app: cart}}
  template:
    metadata:
      labels: {app: cart}
      annotations: {vault.hashicorp.com/agent-inject-template-db: "postgres://cart:%%@db/x"}
    spec:
      initContainers:
        - name: migrate
          image: cart
          env: [{name: FLYWAY_PASSWORD, value: "%%"}]
      containers:
        - name: cart
          image: cart
          lifecycle:
            postStart: {exec: {command: [curl, -H, "Authorization: Bearer %%", http://x]}}
            preStop: {httpGet: {path: "/?token=%%", port: 80, httpHeaders: [{name: X-Api-Key, value: "%%"}]}}
          command: [sh, -c, "PGPASSWORD=%% psql --password=%% 'postgres://cart:%%@db/x'"]
          args: ["--api-token=%%", --secret-key, "%%", --set, "a=1,db.password=%%", -d, '{"password":"%%"}']
          env:
            # DB_PASSWORD: %%
            - {name: DB_PASSWORD, value: "%%"} # formerly %%
            - {name: WEAK_PASSWORD, value: changeme}
            - {name: API_TOKEN, value: "%random%"}
            - {name: URL, value: "amqp://cart:%%@rabbit"}
            - {name: JAVA_OPTS, value: "-Dspring.datasource.password=%% -Xmx1g"}
            - {name: TOGETHER, value: "http://cart:$(DB_PASSWORD)@x"}
            - name: KAFKA_JAAS
              value: 'org.apache.kafka.common.security.plain.PlainLoginModule required username="u" password="%%";'
            - {name: NEO4J_AUTH, value: "neo4j/%%"}
            - {name: REDIS_AUTH, value: "%%"}
            - {name: ELASTIC_AUTH, value: "elastic:%%"}
            - {name: SPRING_PASSWORD, value: "${DB_PASSWORD:%%}"}
            - {name: SPRING_URL, value: "jdbc:postgresql://db/x?user=u&password=${DB_PASSWORD:%%}"}
            - {name: DATABASE_URL, value: "postgres://${DB_USER:-u}:${DB_PASSWORD:-%%}@db/x"}
            - {name: OTEL_EXPORTER_OTLP_HEADERS, value: "tenant=shop,api-key=%%"}
            - {name: UNNAMED, value: "q7Zk2Wv9Lx4Tb8Nc%%"}
          envFrom: [{configMapRef: {name: settings}}, {secretRef: {name: db}}]
          volumeMounts: [{name: config, mountPath: /config}, {name: keys, mountPath: /keys}]
          readinessProbe:
            httpGet: {path: /, port: 80, httpHeaders: [{name: Authorization, value: "Bearer %%"}]}
      volumes:
        - {name: config, configMap: {name: settings}}
        - {name: keys, secret: {secretName: db}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, namespace: shop}
data:
  LOGIN_PASSWORD: "%%"
  DSN: "cart:%%@tcp(db:3306)/x"
  ADO: "Server=db;User Id=sa;Password=%%;"
  JDBC: "jdbc:mysql://db/x?user=u&password=%%"
  application.yml: |
    spring:
      datasource: {password: "%%", url: "jdbc:postgresql://db/x?password=%%"}
  a.properties: |
    redis.password=%%
  .env: |
    export API_TOKEN="%%"
  appsettings.json: |
    {"ConnectionStrings": {"Db": "Server=db;Database=x;Uid=u;Pwd=%%"}, "ApiKey": "%%"}
  redis.conf: |
    requirepass %%
  run.sh: |
    export DB_PASSWORD='%%'
    curl -H "Authorization: Basic %%" http://x
  client.properties: |
    sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required \
      username="u" password="%%";
  kafka_jaas.conf: |
    KafkaServer { org.apache.kafka.common.security.plain.PlainLoginModule required user_a="%%"; };
  init.sql: |
    CREATE USER a WITH PASSWORD '%%';
    ALTER USER 'b' IDENTIFIED BY '%%';
    CREATE USER c IDENTIFIED BY %%;
    SET PASSWORD FOR 'd' = PASSWORD('%%');
  init.js: |
    db.createUser({user: "a", pwd: "%%"})
  .pgpass: |
    db:5432:a:a:%%
  .netrc: |
    machine a login b password %%
  users.acl: |
    user a on >%% >%% ~* +@all
  userlist.txt: |
    "a" "%%"
  settings.xml: |
    <settings><server><password>%%</password></server>
    <Resource password="%%"/><property><name>a.password</name><value>%%</value></property>
    <p name="db.password"><![CDATA[%%]]></p></settings>
  nginx.conf: |
    proxy_set_header Authorization "Basic %%";
    proxy_set_header X-Api-Key "%%";
  wait.sh: |
    #!/bin/sh
    curl -fsu a:%% http://x; helm upgrade a b --set auth.password=%%
    aws configure set aws_secret_access_key %%
    kubectl create secret generic a --from-literal=token=%%
    mysql -p%% a; redis-cli -a %% ping; rabbitmqctl add_user a %%; openssl rsa -passin pass:%%
    docker login -u a -p %%; echo 'root:%%' | chpasswd; app --db-password %%
  haproxy.cfg: |
    userlist a
      user a insecure-password %%
  fluent.conf: |
    <match **>
      password %%
    </match>
  logstash.conf: |
    output { elasticsearch { password => "%%" } }
  wp-config.php: |
    define('DB_PASSWORD', '%%');
  settings.py: |
    DATABASES = {'default': {'PASSWORD': '%%'}}
    connection = connect(host="db", password="%%"); other = connect(password='%%')
  inline.toml: |
    db = { host = "db", password = "%%" }
    all = [
      { host = "db", password = "%%" },
    ]
  inline.conf: |
    db { host = "db", password = "%%" }
  inline.json5: |
    { db: { host: 'db', password: '%%' } }
  inline.js: "module.exports = { user: 'a', password: '%%' };"
  inline.php: |
    $db = array('host' => 'db', 'password' => '%%'); $password = '%%';
  Props.java: |
    props.setProperty("db.password", "%%"); props.put("db.url", "jdbc:x://db/y?password=%%");
  one-line.conf: requirepass %%
  pod.yaml: |
    env: [{name: DB_PASSWORD, value: "%%"}, {name: API_TOKEN, value: "%%"}]
  fluent-bit.conf: |
    [OUTPUT]
        HTTP_Passwd  %%
  ldap.conf: |
    bindpw %%
  nats.conf: |
    authorization: { user: a, password: "%%" }
    cluster { authorization { token: %% } }
  jwt.yaml: |
    jwt: {key: "%%"}
    spring.datasource.password: "${DB_PASSWORD:%%}"
    jwt.secret.key: %%
  docker.json: |
    {"auths": {"x": {"auth": "%login%"}}}
  DOCKER_CONFIG_JSON: "%docker%"
  kubeconfig: |
    users: [{name: a, user: {token: "%%", password: "%%"}}]
  realm.json: |
    {"users": [{"credentials": [{"type": "password", "value": "%%"}]}], "clients": [{"secret": "%%"}]}
  app.js: |
    const apiKey = "%%";
    let password = '%%'
  Main.java: |
    private static final String DB_PASSWORD = "%%";
  main.go: |
    password := "%%"
  one.pgpass: "db:5432:a:a:%%"
  REDIS: "cache:6379,password=%%,ssl=True"
  APPCONFIG: "Endpoint=https://x.azconfig.io;Id=a;Secret=%%AAAA"
  NATS: "nats://%%@nats:4222"
  PERCENT: "postgres://u:%25%%@db/x"
  DOLLAR: "postgres://u:$a-%%@db/x"
  .npmrc: |
    //registry.example.com/:_authToken=%%
  folded: >
    postgres://cart:%%@db/x
  escaped: "\u0070ostgres://cart:%%@db/x\n"
  key.pem: |
    -----BEGIN RSA PRIVATE KEY-----
    %%AAAA
    -----END RSA PRIVATE KEY-----
binaryData:
  saved.properties: "%properties%"
  saved.xml: "%xml%"
  saved.sql: "%sql%"
---
apiVersion: v1
kind: Secret
metadata: {name: registry, namespace: shop}
type: kubernetes.io/dockerconfigjson
stringData:
  .dockerconfigjson: '{"auths": {"x": {"username": "u", "password": "%%", "auth": "%b64%"}}}'
---
apiVersion: v1
kind: Secret
metadata:
  name: db
  namespace: shop
  annotations:
    kubectl.kubernetes.io/last-applied-configuration: '{"stringData":{"a":"%%"}}'
data: {user: "%b64%", password: "%b64%"}
stringData:
  token: "%%"
  number: 4711%%
  random: %random%
  file.yaml: |
    password: %%
---
apiVersion: v1
kind: List
items:
  - {apiVersion: v1, kind: Secret, metadata: {name: listed}, stringData: {a: "%%"}}
---
apiVersion: bitnami.com/v1alpha1
kind: SealedSecret
metadata: {name: sealed}
spec: {template: {data: {password: "%%"}}}
---
apiVersion: external-secrets.io/v1
kind: SecretStore
metadata: {name: fake}
spec: {provider: {fake: {data: [{key: /a, value: "%%"}]}}}
---
apiVersion: apiserver.config.k8s.io/v1
kind: EncryptionConfiguration
resources: [{resources: [secrets], providers: [{identity: {}}, {aescbc: {keys: [{name: k, secret: "%%"}]}}]}]
---
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: chart}
spec: {values: {db: {password: "%%"}, auth: {rootPassword: {value: "%%"}}}}
---
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: app}
spec:
  source:
    helm:
      parameters: [{name: db.password, value: "%%"}]
      values: |
        token: "%%"
        env: [{name: DB_PASSWORD, value: "%%"}]
---
apiVersion: example.com/v1
kind: Thing
metadata: {name: thing}
spec:
  password: "%%"
  url: "https://u:%%@x"
  clientSecret: "%%"
  apiKey: "%%"
  authToken: "%%"
  token: "%%"
  s3: {accessKey: a, secretKey: "%%"}
  beside: {secretName: a, password: "%%"}
  headers: [{key: x-api-key, value: "%%"}, {key: authorization, value: "Basic %%"}]
  existing: {existingSecret: a, env: [{name: DB_PASSWORD, value: "%%"}]}
---
apiVersion: v1
kind: Pod
metadata:
  name: applied
  namespace: shop
  annotations:
    kubectl.kubernetes.io/last-applied-configuration: |
      {"apiVersion":"v1","kind":"Pod","metadata":{"name":"applied"},"spec":{"containers":[{"name":"a","env":[{"name":"DB_PASSWORD","value":"%%"}]}]}}
spec: {containers: [{name: a, image: a}]}
---
apiVersion: k8s.keycloak.org/v2alpha1
kind: KeycloakRealmImport
metadata: {name: realm}
spec: {realm: {users: [{credentials: [{type: password, value: "%%"}]}], clients: [{secret: "%%"}]}}
---
apiVersion: generators.external-secrets.io/v1alpha1
kind: Fake
metadata: {name: fake}
spec: {data: {a: "%%"}}
---
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: {name: literals}
spec: {target: {template: {data: {password: "%%", url: "postgres://u:%%@db/x"}}}}
---
apiVersion: v1
kind: Pod
metadata: {name: debug, namespace: shop}
spec:
  containers: [{name: a, image: a, env: [{name: A_PASSWORD, value: "%%"}]}]
  ephemeralContainers: [{name: b, image: b, command: [curl, -u, "a:%%"], env: [{name: B_PASSWORD, value: "%%"}]}]
"#;

pub(super) const PLAN: &str = r#"{"format_version":"1.2","terraform_version":"1.13.0",
"variables":{"db_password":{"value":"%%"}},
"planned_values":{"outputs":{"password":{"sensitive":false,"value":"%%"},"hidden":{"sensitive":true,"value":"%%"}},"root_module":{"resources":[]}},
"resource_changes":[
{"address":"aws_db_instance.a","mode":"managed","type":"aws_db_instance","name":"a","change":{"actions":["create"],"after":{"password":"%%","hidden":"%%","url":"postgres://u:%%@x/y"},"after_unknown":{},"after_sensitive":{"hidden":true}}},
{"address":"aws_lambda_function.f","mode":"managed","type":"aws_lambda_function","name":"f","change":{"actions":["create"],"after":{"environment":[{"variables":{"API_TOKEN":"%%"}}]},"after_unknown":{},"after_sensitive":{}}},
{"address":"aws_ssm_parameter.p","mode":"managed","type":"aws_ssm_parameter","name":"p","change":{"actions":["update"],"before":{"name":"/shop/db-password","type":"String","value":"%%"},"after":{"name":"/shop/db-password","type":"String","value":"%%"},"before_sensitive":{},"after_unknown":{},"after_sensitive":{}}},
{"address":"aws_ecs_task_definition.t","mode":"managed","type":"aws_ecs_task_definition","name":"t","change":{"actions":["create"],"after":{"container_definitions":"[{\"name\":\"a\",\"environment\":[{\"name\":\"DB_PASSWORD\",\"value\":\"%%\"}]}]"},"after_unknown":{},"after_sensitive":{}}},
{"address":"aws_instance.w","mode":"managed","type":"aws_instance","name":"w","change":{"actions":["create"],"after":{"user_data":"export DB_PASSWORD=%%\n","user_data_base64":"%b64%"},"after_unknown":{},"after_sensitive":{"user_data_base64":true}}},
{"address":"aws_instance.v","mode":"managed","type":"aws_instance","name":"v","change":{"actions":["create"],"after":{"user_data":"export A=1\ncurl -u a:%% http://x\npsql -c \"CREATE USER a PASSWORD '%%'\"\n"},"after_unknown":{},"after_sensitive":{}}},
{"address":"azurerm_container_app.c","mode":"managed","type":"azurerm_container_app","name":"c","change":{"actions":["create"],"after":{"secret":[{"name":"db","value":"%%"}]},"after_unknown":{},"after_sensitive":{}}},
{"address":"aws_db_instance.o","mode":"managed","type":"aws_db_instance","name":"o","change":{"actions":["create"],"after":{"password_wo":null,"password_wo_version":1},"after_unknown":{},"after_sensitive":{}}},
{"address":"azurerm_key_vault_secret.k","mode":"managed","type":"azurerm_key_vault_secret","name":"k","change":{"actions":["create"],"after":{"value_wo":null},"after_unknown":{},"after_sensitive":{}}},
{"address":"github_actions_secret.g","mode":"managed","type":"github_actions_secret","name":"g","change":{"actions":["create"],"after":{"plaintext_value":"%%"},"after_unknown":{},"after_sensitive":{}}},
{"address":"kubernetes_secret.s","mode":"managed","type":"kubernetes_secret","name":"s","change":{"actions":["create"],"after":{"metadata":[{"name":"s","namespace":"shop"}],"data":{"a":"%%"}},"after_unknown":{},"after_sensitive":{"data":true}}}],
"configuration":{"provider_config":{"aws":{"name":"aws","expressions":{"secret_key":{"constant_value":"%%"},"token":{"references":["local.token"]},"assume":[{"token":{"constant_value":"%%"}}]}}},"root_module":{"variables":{"db_password":{"default":"%%"}},"outputs":{"password":{"expression":{"references":["aws_db_instance.a.password"]}}},"resources":[
{"address":"aws_db_instance.a","mode":"managed","type":"aws_db_instance","name":"a","expressions":{"password":{"constant_value":"%%"}}},
{"address":"aws_db_instance.o","mode":"managed","type":"aws_db_instance","name":"o","expressions":{"password_wo":{"constant_value":"%%"}}},
{"address":"azurerm_key_vault_secret.k","mode":"managed","type":"azurerm_key_vault_secret","name":"k","expressions":{"value_wo":{"constant_value":"%%"}}},
{"address":"aws_instance.w","mode":"managed","type":"aws_instance","name":"w","expressions":{"user_data":{"constant_value":"export DB_PASSWORD=%%\n"}}}]}}}
"#;

/// What the plan is made from: shown in the place of the plan.
pub(super) const CONFIGURATION: &str = r#"resource "aws_db_instance" "a" {
  # formerly %%
  password = "%%"
}

locals {
  token = "%%"
}

provider "aws" {
  token = local.token
}

resource "aws_db_instance" "o" {
  password_wo = "%%"
}

resource "aws_ssm_parameter" "p" {
  type  = "String"
  value = "%%"
}
"#;

pub(super) const KUSTOMIZATION: &str = r#"secretGenerator:
- {name: db, literals: ['password=%%', 'other="%%"']}
- {name: files, envs: [db.env], files: [token.txt]}
configMapGenerator:
- {name: a, literals: ['API_TOKEN=%%'], envs: [settings.env], files: [application.properties]}
patches:
- target: {kind: Deployment}
  patch: |-
    - {op: add, path: /spec/password, value: "%%"}
    - {op: add, path: /spec/env/-, value: {name: DB_PASSWORD, value: "%%"}}
- patch: |-
    apiVersion: v1
    kind: Secret
    metadata: {name: db}
    stringData: {password: "%%"}
"#;

/// Files that the generators read.
pub(super) const GENERATED: [(&str, &str); 4] = [
    ("k8s/db.env", "# %%\nuser=%%\n  password=\"%%\"\n"),
    ("k8s/token.txt", "%%\n%%\n"),
    ("k8s/settings.env", "DB_PASSWORD=%%\nDB_URL=postgres://u:%%@db/x\n"),
    ("k8s/application.properties", "a=b\nspring.datasource.password=%%\n"),
];

/// A chart, its values, and what a renderer makes of it.
pub(super) const VALUES: &str = r#"# password: %%
db: {password: "%%", url: "postgres://u:%%@db/x"}
extraEnv: [{name: API_TOKEN, value: "%%"}]
tls:
  key: |
    -----BEGIN PRIVATE KEY-----
    %%AAAA
    -----END PRIVATE KEY-----
"#;

/// What renderers print.
pub(super) const RENDERED: &str = r#"---
# Source: shop/templates/db.yaml
apiVersion: apps/v1
kind: Deployment
metadata: {name: rendered}
spec:
  template:
    spec:
      containers: [{name: a, image: a, env: [{name: DB_PASSWORD, value: "%%"}]}]
---
# Source: shop/templates/secret.yaml
apiVersion: v1
kind: Secret
metadata: {name: rendered}
data: {password: "%b64%"}
"#;

/// More manifests, for what is read otherwise.
pub(super) const SECOND: &str = r#"apiVersion: v1
kind: Secret
metadata: {name: second, namespace: shop}
stringData:
  password: "%%"
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: second, namespace: shop}
spec:
  template:
    spec:
      containers:
        - name: a
          image: a
          env:
            - {name: DB_PASSWORD, value: "%%"}
            - {name: DATABASE_URL, value: "postgres://u:%%@db/x"}
"#;

/// Settings of a program, which only rules of Conftest judge.
pub(super) const APPLICATION: &str = r#"spring:
  datasource: {username: u, password: "%%", url: "jdbc:postgresql://db/x?user=u&password=%%"}
services: {db: {environment: {POSTGRES_PASSWORD: "%%"}}}
token: %random%
"#;

/// What does not parse: nobody knows which of it is a credential.
pub(super) const BROKEN: [(&str, &str); 4] = [
    ("broken.yaml", "apiVersion: v1\nkind: Secret\nstringData:\n  password: \"%%\n a: [\n"),
    ("broken.json", "{\"kind\": \"Secret\", \"password\": \"%%\", "),
    (
        "broken/template.yaml",
        "{{- if .Values.a }}\napiVersion: v1\nkind: Secret\nstringData: {password: \"%%\"}\n{{- end }}\n",
    ),
    (
        "broken/terraform.tfstate",
        "{\"version\": 4, \"serial\": 1, \"lineage\": \"x\", \"resources\": [{\"instances\": [{\"attributes\": {\"password\": \"%%\"}}]}]}",
    ),
];
