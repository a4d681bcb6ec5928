//! The types themselves, as the documentation of their providers has them.

use super::{Encrypted, Engine, Kind};

const fn kind(name: &'static str, engine: Engine, encrypted: Encrypted) -> Kind {
    Kind { name, engine, encrypted, databases: &[], superusers: &[], identifiers: &["name"], groups: None }
}

pub(super) const KINDS: &[Kind] = &[
    Kind {
        databases: &["db_name", "name"],
        superusers: &["username"],
        identifiers: &["identifier"],
        groups: Some("vpc_security_group_ids"),
        ..kind("aws_db_instance", Engine::In("engine"), Encrypted::By("storage_encrypted", Some(false)))
    },
    Kind {
        databases: &["database_name"],
        superusers: &["master_username"],
        identifiers: &["cluster_identifier"],
        groups: Some("vpc_security_group_ids"),
        ..kind("aws_rds_cluster", Engine::In("engine"), Encrypted::NewOrBy("storage_encrypted"))
    },
    Kind {
        superusers: &["master_username"],
        identifiers: &["cluster_identifier"],
        groups: Some("vpc_security_group_ids"),
        ..kind("aws_docdb_cluster", Engine::Is("mongodb"), Encrypted::By("storage_encrypted", Some(false)))
    },
    Kind {
        identifiers: &["cluster_identifier"],
        groups: Some("vpc_security_group_ids"),
        ..kind("aws_neptune_cluster", Engine::Is("neptune"), Encrypted::By("storage_encrypted", Some(false)))
    },
    Kind {
        identifiers: &["replication_group_id"],
        groups: Some("security_group_ids"),
        ..kind(
            "aws_elasticache_replication_group",
            Engine::In("engine"),
            Encrypted::By("at_rest_encryption_enabled", Some(false)),
        )
    },
    Kind {
        identifiers: &["cluster_id"],
        groups: Some("security_group_ids"),
        ..kind("aws_elasticache_cluster", Engine::In("engine"), Encrypted::NoSwitch)
    },
    kind("aws_elasticache_serverless_cache", Engine::In("engine"), Encrypted::Always),
    Kind {
        groups: Some("security_group_ids"),
        ..kind("aws_memorydb_cluster", Engine::Is("redis"), Encrypted::Always)
    },
    Kind { databases: &["name"], ..kind("aws_dynamodb_table", Engine::Is("dynamodb"), Encrypted::Always) },
    Kind {
        databases: &["database_name"],
        superusers: &["master_username"],
        identifiers: &["cluster_identifier"],
        groups: Some("vpc_security_group_ids"),
        ..kind("aws_redshift_cluster", Engine::Is("redshift"), Encrypted::By("encrypted", None))
    },
    Kind {
        identifiers: &["domain_name"],
        groups: Some("vpc_options.0.security_group_ids"),
        ..kind(
            "aws_opensearch_domain",
            Engine::Is("opensearch"),
            Encrypted::By("encrypt_at_rest.0.enabled", Some(false)),
        )
    },
    Kind {
        identifiers: &["domain_name"],
        groups: Some("vpc_options.0.security_group_ids"),
        ..kind(
            "aws_elasticsearch_domain",
            Engine::Is("elasticsearch"),
            Encrypted::By("encrypt_at_rest.0.enabled", Some(false)),
        )
    },
    Kind {
        superusers: &["admin_user_name"],
        groups: Some("vpc_security_group_ids"),
        ..kind("aws_docdbelastic_cluster", Engine::Is("mongodb"), Encrypted::Always)
    },
    Kind {
        identifiers: &["workgroup_name"],
        groups: Some("security_group_ids"),
        ..kind("aws_redshiftserverless_workgroup", Engine::Is("redshift"), Encrypted::Always)
    },
    kind("google_sql_database_instance", Engine::In("database_version"), Encrypted::Always),
    Kind {
        identifiers: &["cluster_id"],
        ..kind("google_alloydb_cluster", Engine::Is("postgresql"), Encrypted::Always)
    },
    kind("google_redis_instance", Engine::Is("redis"), Encrypted::Always),
    kind("google_redis_cluster", Engine::Is("redis"), Encrypted::Always),
    Kind {
        identifiers: &["instance_id"],
        ..kind("google_memorystore_instance", Engine::Is("redis"), Encrypted::Always)
    },
    kind("google_spanner_instance", Engine::Is("spanner"), Encrypted::Always),
    kind("google_bigtable_instance", Engine::Is("bigtable"), Encrypted::Always),
    Kind {
        superusers: &["administrator_login"],
        ..kind("azurerm_postgresql_flexible_server", Engine::Is("postgresql"), Encrypted::Always)
    },
    Kind {
        superusers: &["administrator_login"],
        ..kind("azurerm_postgresql_server", Engine::Is("postgresql"), Encrypted::Always)
    },
    Kind {
        superusers: &["administrator_login"],
        ..kind("azurerm_mysql_flexible_server", Engine::Is("mysql"), Encrypted::Always)
    },
    Kind {
        superusers: &["administrator_login"],
        ..kind("azurerm_mysql_server", Engine::Is("mysql"), Encrypted::Always)
    },
    Kind {
        superusers: &["administrator_login"],
        ..kind("azurerm_mariadb_server", Engine::Is("mariadb"), Encrypted::Always)
    },
    Kind {
        superusers: &["administrator_login"],
        ..kind("azurerm_mssql_server", Engine::Is("sqlserver"), Encrypted::Always)
    },
    Kind {
        superusers: &["administrator_login"],
        ..kind("azurerm_mssql_managed_instance", Engine::Is("sqlserver"), Encrypted::Always)
    },
    kind("azurerm_cosmosdb_account", Engine::Is("cosmosdb"), Encrypted::Always),
    kind("azurerm_cosmosdb_postgresql_cluster", Engine::Is("postgresql"), Encrypted::Always),
    Kind {
        superusers: &["administrator_username"],
        ..kind("azurerm_mongo_cluster", Engine::Is("mongodb"), Encrypted::Always)
    },
    kind("azurerm_redis_cache", Engine::Is("redis"), Encrypted::Always),
    kind("azurerm_managed_redis", Engine::Is("redis"), Encrypted::Always),
];

/// Databases that are resources of their own, with the attribute that names their server.
pub(super) const DATABASES: &[(&str, &str)] = &[
    ("google_sql_database", "instance"),
    ("google_spanner_database", "instance"),
    ("azurerm_postgresql_flexible_server_database", "server_id"),
    ("azurerm_mysql_flexible_database", "server_name"),
    ("azurerm_mssql_database", "server_id"),
    ("azurerm_cosmosdb_sql_database", "account_name"),
    ("azurerm_cosmosdb_mongo_database", "account_name"),
];
