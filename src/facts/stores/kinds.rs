//! Types of stores, as the documentation of their providers has them.

use crate::resource::terraform::{Mode, PlannedResource};

/// One type.
#[derive(Clone, Copy)]
pub(super) struct Kind {
    name: &'static str,
    pub(super) rest: Rest,
    /// Attributes that name a key; none where whose key it is is not judged.
    pub(super) keys: &'static [&'static str],
    /// Whose key it is where none is named.
    pub(super) default: Key,
    /// The alias of the key that AWS manages for it; empty elsewhere.
    pub(super) alias: &'static str,
    /// What turns on the key that AWS manages; without it AWS owns the key.
    pub(super) turned_on: Option<&'static str>,
    /// All settings that may let plaintext in; none where that is not judged.
    pub(super) transport: &'static [Channel],
    /// Whether the fact `database-server` tells of its encryption.
    pub(super) is_server: bool,
}

/// What decides encryption at rest.
#[derive(Clone, Copy)]
pub(super) enum Rest {
    Always,
    /// A boolean, and what holds without it.
    By(&'static str, Option<bool>),
    /// A boolean; what is new is encrypted without it.
    NewOrBy(&'static str),
    Volume,
    /// Disks of a machine, or of what machines are made of: where their blocks say it.
    Disks {
        paths: &'static [&'static str],
        is_template: bool,
    },
    Queue,
    Stream,
}

/// A setting that refuses plaintext, or lets it in.
#[derive(Clone, Copy)]
pub(super) struct Channel {
    /// Its names, the newest first.
    pub(super) attributes: &'static [&'static str],
    /// Values by which only TLS is spoken.
    pub(super) secure: &'static [&'static str],
    /// What holds where nobody writes it; `None`: that is not documented.
    pub(super) absent: Option<bool>,
    /// The engine for which the default is not documented.
    pub(super) unless: &'static str,
}

const fn channel(
    attributes: &'static [&'static str],
    secure: &'static [&'static str],
    absent: bool,
) -> Channel {
    Channel { attributes, secure, absent: Some(absent), unless: "" }
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Key {
    Customer,
    AwsManaged,
    Provider,
    Unknown,
}

impl Key {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::AwsManaged => "aws-managed",
            Self::Provider => "provider-managed",
            Self::Unknown => "unknown",
        }
    }
}

/// A type of AWS with a key that AWS manages for it.
const fn aws(name: &'static str, rest: Rest, keys: &'static [&'static str], alias: &'static str) -> Kind {
    let is_server = false;
    Kind { name, rest, keys, default: Key::AwsManaged, alias, turned_on: None, transport: &[], is_server }
}

/// A type whose provider encrypts with keys of its own.
const fn owned(name: &'static str, keys: &'static [&'static str]) -> Kind {
    Kind { default: Key::Provider, ..aws(name, Rest::Always, keys, "") }
}

/// A database server.
const fn server(kind: Kind) -> Kind {
    Kind { is_server: true, ..kind }
}

/// Where instances, and launch templates, say of their disks whether they are encrypted.
const BLOCK_DEVICES: &[&str] = &["root_block_device.*.encrypted", "ebs_block_device.*.encrypted"];
const MAPPINGS: &[&str] = &["block_device_mappings.*.ebs.*.encrypted"];

const KMS: &[&str] = &["kms_key_id"];

/// Between clients and brokers, and among brokers: TLS alone unless told otherwise.
const BROKERS: &[Channel] = &[
    channel(&["encryption_info.0.encryption_in_transit.0.client_broker"], &["TLS"], true),
    channel(&["encryption_info.0.encryption_in_transit.0.in_cluster"], &["true"], true),
];

/// Valkey's default is another, and is not documented for all versions.
const CACHE: &[Channel] =
    &[Channel { unless: "valkey", ..channel(&["transit_encryption_enabled"], &["true"], false) }];

/// A group that prefers TLS takes both until it requires it (Amazon ElastiCache, "Enabling in-transit encryption").
const CACHES: &[Channel] = &[
    Channel { unless: "valkey", ..channel(&["transit_encryption_enabled"], &["true"], false) },
    channel(&["transit_encryption_mode"], &["required"], true),
];

/// A domain takes plain HTTP unless told otherwise (Amazon OpenSearch Service API, `DomainEndpointOptions`,
/// `NodeToNodeEncryptionOptions`); the provider's default in a block that is there is HTTPS alone.
const SEARCH: &[Channel] = &[
    channel(&["domain_endpoint_options.0.enforce_https"], &["true"], false),
    channel(&["node_to_node_encryption.0.enabled"], &["true"], false),
];

/// Has to be written.
const ENFORCED: &[Channel] =
    &[channel(&["ssl_enforcement_enabled", "ssl_enforcement"], &["true", "Enabled"], true)];

/// Without a mode Cloud SQL takes both (Cloud SQL Admin API, `IpConfiguration.sslMode`).
const CLOUD_SQL: &[Channel] = &[channel(
    &["settings.0.ip_configuration.0.ssl_mode", "settings.0.ip_configuration.0.require_ssl"],
    &["ENCRYPTED_ONLY", "TRUSTED_CLIENT_CERTIFICATE_REQUIRED", "true"],
    false,
)];

const AZURE: &[&str] = &["customer_managed_key.0.key_vault_key_id"];

const KINDS: &[Kind] = &[
    Kind { default: Key::Unknown, ..aws("aws_ebs_volume", Rest::Volume, KMS, "aws/ebs") },
    aws("aws_instance", Rest::Disks { paths: BLOCK_DEVICES, is_template: false }, &[], ""),
    aws("aws_spot_instance_request", Rest::Disks { paths: BLOCK_DEVICES, is_template: false }, &[], ""),
    aws("aws_launch_configuration", Rest::Disks { paths: BLOCK_DEVICES, is_template: true }, &[], ""),
    aws("aws_launch_template", Rest::Disks { paths: MAPPINGS, is_template: true }, &[], ""),
    aws("aws_efs_file_system", Rest::By("encrypted", Some(false)), KMS, "aws/elasticfilesystem"),
    Kind { default: Key::Provider, ..aws("aws_sqs_queue", Rest::Queue, &["kms_master_key_id"], "aws/sqs") },
    // Its disks are encrypted in any case (Amazon SNS Developer Guide, "Data encryption").
    owned("aws_sns_topic", &["kms_master_key_id"]),
    aws("aws_kinesis_stream", Rest::Stream, KMS, "aws/kinesis"),
    Kind {
        transport: BROKERS,
        ..aws(
            "aws_msk_cluster",
            Rest::Always,
            &["encryption_info.0.encryption_at_rest_kms_key_arn"],
            "aws/kafka",
        )
    },
    owned(
        "google_compute_disk",
        &["disk_encryption_key.0.kms_key_self_link", "disk_encryption_key.0.raw_key"],
    ),
    owned("google_pubsub_topic", &["kms_key_name"]),
    owned("azurerm_managed_disk", &["disk_encryption_set_id", "secure_vm_disk_encryption_set_id"]),
    server(aws("aws_db_instance", Rest::By("storage_encrypted", Some(false)), KMS, "aws/rds")),
    server(Kind {
        turned_on: Some("storage_encrypted"),
        ..aws("aws_rds_cluster", Rest::NewOrBy("storage_encrypted"), KMS, "aws/rds")
    }),
    server(aws("aws_docdb_cluster", Rest::By("storage_encrypted", Some(false)), KMS, "aws/rds")),
    server(aws(
        "aws_neptune_cluster",
        Rest::By("storage_encrypted", Some(false)),
        &["kms_key_arn"],
        "aws/rds",
    )),
    server(aws("aws_redshift_cluster", Rest::By("encrypted", None), KMS, "aws/redshift")),
    server(Kind {
        default: Key::Provider,
        transport: CACHES,
        ..aws("aws_elasticache_replication_group", Rest::By("at_rest_encryption_enabled", None), KMS, "")
    }),
    // Memcached keeps nothing, and a member of a group is as its group is.
    server(Kind { transport: CACHE, ..aws("aws_elasticache_cluster", Rest::Always, &[], "") }),
    // It speaks TLS alone.
    server(owned("aws_elasticache_serverless_cache", KMS)),
    server(Kind {
        transport: &[channel(&["tls_enabled"], &["true"], true)],
        ..owned("aws_memorydb_cluster", &["kms_key_arn"])
    }),
    server(Kind {
        turned_on: Some("server_side_encryption.0.enabled"),
        ..aws("aws_dynamodb_table", Rest::Always, &["server_side_encryption.0.kms_key_arn"], "aws/dynamodb")
    }),
    server(Kind {
        transport: SEARCH,
        ..aws(
            "aws_opensearch_domain",
            Rest::By("encrypt_at_rest.0.enabled", Some(false)),
            &["encrypt_at_rest.0.kms_key_id"],
            "aws/es",
        )
    }),
    server(Kind {
        transport: SEARCH,
        ..aws(
            "aws_elasticsearch_domain",
            Rest::By("encrypt_at_rest.0.enabled", Some(false)),
            &["encrypt_at_rest.0.kms_key_id"],
            "aws/es",
        )
    }),
    server(Kind { transport: CLOUD_SQL, ..owned("google_sql_database_instance", &["encryption_key_name"]) }),
    server(owned("google_alloydb_cluster", &["encryption_config.0.kms_key_name"])),
    server(Kind {
        transport: &[channel(&["transit_encryption_mode"], &["SERVER_AUTHENTICATION"], false)],
        ..owned("google_redis_instance", &["customer_managed_key"])
    }),
    server(Kind {
        transport: &[channel(
            &["transit_encryption_mode"],
            &["TRANSIT_ENCRYPTION_MODE_SERVER_AUTHENTICATION"],
            false,
        )],
        ..owned("google_redis_cluster", &["kms_key"])
    }),
    server(Kind {
        transport: &[channel(&["transit_encryption_mode"], &["SERVER_AUTHENTICATION"], false)],
        ..owned("google_memorystore_instance", &["kms_key"])
    }),
    server(Kind {
        transport: &[channel(&["non_ssl_port_enabled", "enable_non_ssl_port"], &["false"], true)],
        ..owned("azurerm_redis_cache", &[])
    }),
    server(Kind {
        transport: &[channel(&["default_database.0.client_protocol"], &["Encrypted"], true)],
        ..owned("azurerm_managed_redis", AZURE)
    }),
    // Servers of the older kinds; of the newer ones a parameter decides.
    server(Kind { transport: ENFORCED, ..owned("azurerm_postgresql_server", &[]) }),
    server(Kind { transport: ENFORCED, ..owned("azurerm_mysql_server", &[]) }),
    server(Kind { transport: ENFORCED, ..owned("azurerm_mariadb_server", &[]) }),
    server(owned("azurerm_postgresql_flexible_server", AZURE)),
    server(owned("azurerm_mysql_flexible_server", AZURE)),
    server(owned("azurerm_cosmosdb_account", &["key_vault_key_id"])),
];

impl Kind {
    pub(super) fn of(resource: &PlannedResource) -> Option<&'static Self> {
        KINDS.iter().find(|kind| resource.is(Mode::Managed, kind.name))
    }
}
