//! Types of stores, as the documentation of their providers has them.

use crate::resource::terraform::{Mode, PlannedResource};

/// One type.
#[derive(Clone, Copy)]
pub(super) struct Kind {
    name: &'static str,
    pub(super) rest: Rest,
    /// Attributes that name a key.
    pub(super) keys: &'static [&'static str],
    /// Whose key it is where none is named.
    pub(super) default: Key,
    /// The alias of the key that AWS manages for it; empty elsewhere.
    pub(super) alias: &'static str,
    /// What turns on the key that AWS manages; without it AWS owns the key.
    pub(super) turned_on: Option<&'static str>,
    pub(super) transport: Option<Transport>,
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
    Queue,
    Stream,
}

/// What decides encryption in transit.
#[derive(Clone, Copy)]
pub(super) enum Transport {
    /// Between clients and brokers of Kafka.
    Brokers,
    Cache,
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
    Kind { name, rest, keys, default: Key::AwsManaged, alias, turned_on: None, transport: None, is_server }
}

/// A type whose provider encrypts with keys of its own.
const fn owned(name: &'static str, keys: &'static [&'static str]) -> Kind {
    Kind { default: Key::Provider, ..aws(name, Rest::Always, keys, "") }
}

/// A database server.
const fn server(kind: Kind) -> Kind {
    Kind { is_server: true, ..kind }
}

const KMS: &[&str] = &["kms_key_id"];
const AZURE: &[&str] = &["customer_managed_key.0.key_vault_key_id"];

const KINDS: &[Kind] = &[
    Kind { default: Key::Unknown, ..aws("aws_ebs_volume", Rest::Volume, KMS, "aws/ebs") },
    aws("aws_efs_file_system", Rest::By("encrypted", Some(false)), KMS, "aws/elasticfilesystem"),
    Kind { default: Key::Provider, ..aws("aws_sqs_queue", Rest::Queue, &["kms_master_key_id"], "aws/sqs") },
    // Its disks are encrypted in any case (Amazon SNS Developer Guide, "Data encryption").
    owned("aws_sns_topic", &["kms_master_key_id"]),
    aws("aws_kinesis_stream", Rest::Stream, KMS, "aws/kinesis"),
    Kind {
        transport: Some(Transport::Brokers),
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
        transport: Some(Transport::Cache),
        ..aws("aws_elasticache_replication_group", Rest::By("at_rest_encryption_enabled", None), KMS, "")
    }),
    server(owned("aws_memorydb_cluster", &["kms_key_arn"])),
    server(Kind {
        turned_on: Some("server_side_encryption.0.enabled"),
        ..aws("aws_dynamodb_table", Rest::Always, &["server_side_encryption.0.kms_key_arn"], "aws/dynamodb")
    }),
    server(aws(
        "aws_opensearch_domain",
        Rest::By("encrypt_at_rest.0.enabled", Some(false)),
        &["encrypt_at_rest.0.kms_key_id"],
        "aws/es",
    )),
    server(aws(
        "aws_elasticsearch_domain",
        Rest::By("encrypt_at_rest.0.enabled", Some(false)),
        &["encrypt_at_rest.0.kms_key_id"],
        "aws/es",
    )),
    server(owned("google_sql_database_instance", &["encryption_key_name"])),
    server(owned("google_alloydb_cluster", &["encryption_config.0.kms_key_name"])),
    server(owned("google_redis_instance", &["customer_managed_key"])),
    server(owned("azurerm_postgresql_flexible_server", AZURE)),
    server(owned("azurerm_mysql_flexible_server", AZURE)),
    server(owned("azurerm_cosmosdb_account", &["key_vault_key_id"])),
];

impl Kind {
    pub(super) fn of(resource: &PlannedResource) -> Option<&'static Self> {
        KINDS.iter().find(|kind| resource.is(Mode::Managed, kind.name))
    }
}
