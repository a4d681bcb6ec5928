use super::*;

/// `engine host:port/database principal password transport`, `-` for what is absent and `?` for what is unknown.
fn words(connection: &Connection) -> String {
    let name = |name: &Name| match name {
        Name::Absent => "-".to_owned(),
        Name::Unknown => "?".to_owned(),
        Name::Known(text) => text.clone(),
    };
    let hosts: Vec<String> = connection
        .hosts
        .iter()
        .map(|host| host.port.map_or_else(|| host.host.clone(), |port| format!("{}:{port}", host.host)))
        .collect();
    format!(
        "{} {}/{} {} {:?} {:?}",
        connection.engine.unwrap_or("-"),
        hosts.join(","),
        name(&connection.database),
        name(&connection.principal),
        connection.password,
        connection.transport
    )
}

#[test]
fn every_form_names_its_server_database_and_principal() {
    for (text, expected) in [
        ("postgresql://u:p@db:5432/orders", "postgresql db:5432/orders u Given Opportunistic"),
        ("postgres://u@db/orders?sslmode=verify-full", "postgresql db/orders u Absent Verified"),
        ("postgresql+psycopg2://u:@db/", "postgresql db/u u Empty Opportunistic"),
        ("postgresql://u:p%2Fw@[::1]:5432/o", "postgresql ::1:5432/o u Given Opportunistic"),
        ("postgresql://u:p/w@db/o", "postgresql db/o u Given Opportunistic"),
        ("postgresql://${USER}:${PW}@db/o", "postgresql db/o ? Given Opportunistic"),
        ("postgresql:///o?host=/cloudsql/p:eu-1:i&user=u", "postgresql p:eu-1:i/o u Absent Opportunistic"),
        ("mysql2://u:p@db/cart", "mysql db/cart u Given Opportunistic"),
        ("mysql+pymysql://u:p@db/cart?ssl_mode=DISABLED", "mysql db/cart u Given Plain"),
        ("mongodb://mongodb:27017/test", "mongodb mongodb:27017/test - Absent Plain"),
        ("mongodb://u:p@a:1,b:2/x?replicaSet=r&tls=true", "mongodb a:1,b:2/x u Given Verified"),
        ("mongodb+srv://u:p@c0.x.mongodb.net/app", "mongodb c0.x.mongodb.net/app u Given Verified"),
        ("redis://cache:6379", "redis cache:6379/0 - Absent Plain"),
        ("rediss://:p@cache:6380/2", "redis cache:6380/2 - Given Verified"),
        ("amqp://guest:guest@mq:5672/%2f", "rabbitmq mq:5672// guest Given Plain"),
        (
            "jdbc:postgresql://ledger-db:5432/postgresdb",
            "postgresql ledger-db:5432/postgresdb - Absent Opportunistic",
        ),
        ("jdbc:postgresql:orders", "postgresql localhost/orders - Absent Opportunistic"),
        (
            "jdbc:mysql:loadbalance://a:3306,b:3306/x?useSSL=false&user=u&password=p",
            "mysql a:3306,b:3306/x u Given Plain",
        ),
        ("jdbc:aws-wrapper:mysql://a/x", "mysql a/x - Absent Opportunistic"),
        ("jdbc:mariadb://a/x?sslMode=verify-full", "mariadb a/x - Absent Verified"),
        (
            "jdbc:sqlserver://sql:1433;databaseName=cart;user=sa;password=p;encrypt=true;trustServerCertificate=true",
            "sqlserver sql:1433/cart sa Given Unchecked",
        ),
        ("jdbc:sqlserver://sql\\i:1444;encrypt=false", "sqlserver sql:1444/- - Absent Plain"),
        ("jdbc:oracle:thin:@//h:1521/s", "oracle h:1521/s - Absent Plain"),
        ("jdbc:oracle:thin:scott/tiger@h:1521:sid", "oracle h:1521/sid scott Given Plain"),
        (
            "jdbc:oracle:thin:@(DESCRIPTION=(ADDRESS=(PROTOCOL=TCPS)(HOST=h)(PORT=2484))(CONNECT_DATA=(SERVICE_NAME=s)))",
            "oracle h:2484/s - Absent Verified",
        ),
        ("jdbc:db2://h:50000/d:user=u;password=p;", "db2 h:50000/d u Given Unsaid"),
        ("r2dbc:pool:postgresql://db/o", "postgresql db/o - Absent Opportunistic"),
        ("rediss://:p@cache:6380/0?ssl_cert_reqs=none", "redis cache:6380/0 - Given Unchecked"),
        ("mongodb+srv://u:p@db.example.com/o?tlsInsecure=true", "mongodb db.example.com/o u Given Unchecked"),
        ("postgis://u:p@db/o", "postgresql db/o u Given Opportunistic"),
        ("postgres://u:p@db/o?sslmode=no-verify", "postgresql db/o u Given Unchecked"),
        ("u:p@tcp(db:3306)/cart?tls=skip-verify", "mysql db:3306/cart u Given Unchecked"),
        ("u:$(DB_PASSWORD)@tcp(db:3306)/cart", "mysql db:3306/cart u Given Plain"),
        ("u:pa(ss@tcp($(HOST):3306)/cart", "mysql $(HOST):3306/cart u Given Plain"),
        ("root@unix(/run/s.sock)/cart", "mysql /run/s.sock/cart root Absent Plain"),
        (
            "Server=sql-data;Database=Catalog;User Id=sa;Password=p;Encrypt=False",
            "- sql-data/Catalog sa Given Plain",
        ),
        (
            "Data Source=tcp:x.database.windows.net,1433;Initial Catalog=d;User ID=u;Password=p;TrustServerCertificate=True",
            "sqlserver x.database.windows.net:1433/d u Given Unchecked",
        ),
        (
            "Host=db;Port=5432;Database=o;Username=u;Password=p;SSL Mode=Require",
            "postgresql db:5432/o u Given Unverified",
        ),
        ("Server=db;Uid=u;Pwd=p;Database=d;SslMode=None", "mysql db/d u Given Plain"),
        (
            "AccountEndpoint=https://x.documents.azure.com:443/;AccountKey=p==;",
            "cosmosdb x.documents.azure.com:443/- - Given Verified",
        ),
        (
            "host=db port=5432 dbname=o user=u password='a b\\'c' sslmode=disable",
            "postgresql db:5432/o u Given Plain",
        ),
        ("mysql:host=db;port=3306;dbname=shop;charset=utf8", "mysql db:3306/shop - Absent Opportunistic"),
        ("pgsql:host=db;dbname=shop", "postgresql db/shop - Absent Opportunistic"),
        ("cache:6380,password=p,ssl=True,abortConnect=False", "redis cache:6380/0 - Given Verified"),
        ("projects/p/instances/i/databases/d", "spanner projects/p/instances/i/d - Absent Verified"),
        (
            "arn:aws:dynamodb:eu-1:1:table/orders/index/x",
            "dynamodb arn:aws:dynamodb:eu-1:1:table/orders/orders - Absent Verified",
        ),
    ] {
        let connection = Connection::parse(text).unwrap_or_else(|| panic!("{text} is none"));
        assert_eq!(words(&connection), expected, "{text}");
    }
}

#[test]
fn other_texts_are_no_connections() {
    for text in [
        "",
        "db",
        "db:5432",
        "http://orders:8080/api",
        "sqlite:///x.db",
        "jdbc:h2:mem:test",
        "jdbc:tc:postgresql:15:///x",
        "a=b;c=d",
        "level=info host=a",
        "Endpoint=sb://x.servicebus.windows.net/;SharedAccessKeyName=a;SharedAccessKey=b",
        "arn:aws:s3:::bucket",
        "-Xmx512m -Dhost=a",
        "host=a user=b\nuser=c",
        "projects/p/secrets/s/versions/1",
    ] {
        assert_eq!(Connection::parse(text), None, "{text}");
    }
}

#[test]
fn hosts_may_bring_a_port() {
    for (text, host, port) in [
        ("db", "db", None),
        ("db:5432", "db", Some(5432)),
        ("[::1]:5432", "::1", Some(5432)),
        ("::1", "::1", None),
        ("db:${PORT}", "db", None),
        ("p:eu-1:i", "p:eu-1:i", None),
    ] {
        assert_eq!(Endpoint::of(text), Endpoint { host: host.to_owned(), port }, "{text}");
    }
}

const SECRET: &str = "S3cr3tS3cr3t";

proptest::proptest! {
    #[test]
    fn no_text_panics(text in "\\PC{0,80}") {
        Connection::parse(&text);
    }

    #[test]
    fn no_text_of_these_parts_panics(
        start in proptest::sample::select(&["", "jdbc:", "jdbc:mysql:", "r2dbc:", "postgres://", "redis://", "host=", "Server=", "u:p@tcp(", "jdbc:oracle:thin:u/p@", "arn:aws:dynamodb:", "projects/"][..]),
        parts in proptest::collection::vec(proptest::sample::select(&["a", "é", ":", "/", "@", "?", "&", "=", ";", ",", "(", ")", "[", "]", "'", "\\", "%", "%4", " ", "password=p", "u:p@", "port=1", "\""][..]), 0..10),
    ) {
        Connection::parse(&format!("{start}{}", parts.concat()));
    }

    #[test]
    fn a_password_of_a_url_is_dropped_whatever_it_holds(
        password in proptest::collection::vec(proptest::sample::select(&["S3cr3tS3cr3t", ":", "/", "?", "#", "=", "%", "x"][..]), 1..6),
    ) {
        let connection = Connection::parse(&format!("postgres://u:{}@db/o", password.concat()));
        proptest::prop_assert!(!format!("{connection:?}").contains(SECRET), "{:?}", connection);
    }
}

#[test]
fn a_password_is_never_kept() {
    for text in [
        "postgresql://u:S3cr3tS3cr3t@db/o",
        "postgresql://u:x?S3cr3tS3cr3t@db/o",
        "postgresql://u:x#S3cr3tS3cr3t@db/o",
        "postgresql://u:a:S3cr3tS3cr3t@db/o",
        "jdbc:mysql://db/o?user=u&password=S3cr3tS3cr3t",
        "jdbc:sqlserver://db;user=u;password=S3cr3tS3cr3t",
        "jdbc:oracle:thin:u/S3cr3tS3cr3t@db:1521:x",
        "u:S3cr3tS3cr3t@tcp(db)/o",
        "Server=db;Database=d;Pwd=S3cr3tS3cr3t",
        "host=db user=u password=S3cr3tS3cr3t",
        "mysql:host=db;dbname=d;password=S3cr3tS3cr3t",
        "cache:6379,password=S3cr3tS3cr3t",
        "AccountEndpoint=https://x/;AccountKey=S3cr3tS3cr3t",
    ] {
        let connection = Connection::parse(text).unwrap_or_else(|| panic!("{text} is none"));
        assert_eq!(connection.password, Password::Given, "{text}");
        assert!(!format!("{connection:?}").contains(SECRET), "{text}");
    }
}
