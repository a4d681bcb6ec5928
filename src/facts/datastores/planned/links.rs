//! Which resources of a plan lead to which database servers: by reference, through secrets, parameters and proxies.

use std::collections::{BTreeMap, BTreeSet};

use crate::{facts::datastores::servers::ServerId, resource::terraform::Plan};

/// Positions of the servers that each resource leads to.
#[derive(Debug, Default)]
pub(super) struct Links(BTreeMap<u32, BTreeSet<u32>>);

/// Resources that hold what others are told: what they refer to is what they lead to.
const CARRIERS: &[&str] = &[
    "aws_secretsmanager_secret_version",
    "aws_ssm_parameter",
    "aws_db_proxy_target",
    "aws_db_proxy_default_target_group",
    "aws_rds_cluster_instance",
    "aws_rds_cluster_endpoint",
    "aws_docdb_cluster_instance",
    "aws_ecs_task_definition",
    "google_secret_manager_secret_version",
    "google_sql_database",
    "google_sql_user",
    "google_alloydb_instance",
    "google_spanner_database",
    "azurerm_key_vault_secret",
    "azurerm_postgresql_flexible_server_database",
    "azurerm_mysql_flexible_database",
    "azurerm_mssql_database",
    "azurerm_cosmosdb_sql_database",
    "azurerm_cosmosdb_mongo_database",
    "kubernetes_secret",
    "kubernetes_secret_v1",
    "kubernetes_config_map",
    "kubernetes_config_map_v1",
];

/// Carriers that fill a container, which others name instead: a secret, a proxy.
const FILLING: &[&str] =
    &["aws_secretsmanager_secret_version", "aws_db_proxy_target", "google_secret_manager_secret_version"];

/// Resources that are told things themselves.
const TOLD: &[&str] = &[
    "aws_lambda_function",
    "aws_ecs_service",
    "aws_apprunner_service",
    "google_cloud_run_service",
    "google_cloud_run_v2_service",
    "google_cloud_run_v2_job",
    "google_cloudfunctions_function",
    "google_cloudfunctions2_function",
    "azurerm_linux_function_app",
    "azurerm_windows_function_app",
    "azurerm_function_app",
    "azurerm_linux_web_app",
    "azurerm_windows_web_app",
    "azurerm_app_service",
    "azurerm_container_app",
    "helm_release",
    "kubectl_manifest",
];

/// Objects of Kubernetes, which are told things themselves unless they carry some for others.
const KUBERNETES: &str = "kubernetes_";

/// How many resources may stand between a service and its database.
const DEPTH: usize = 6;

impl Links {
    pub(super) fn new(index: u32, plan: &Plan, servers: &BTreeMap<(u32, u32), ServerId>) -> Self {
        if servers.range((index, 0)..=(index, u32::MAX)).next().is_none() {
            return Self::default();
        }
        let mut direct: BTreeMap<u32, BTreeSet<u32>> = BTreeMap::new();
        for (position, resource) in (0..).zip(&plan.resources) {
            let kind = &&*resource.kind;
            if !CARRIERS.contains(kind) && !is_told(kind) {
                continue;
            }
            let names = plan.references(resource).into_values().flatten();
            let referred: BTreeSet<u32> = names.filter_map(|name| plan.position(&name)).collect();
            if FILLING.contains(kind) {
                for container in referred.iter().filter(|other| !servers.contains_key(&(index, **other))) {
                    direct.entry(*container).or_default().insert(position);
                }
            }
            direct.entry(position).or_default().extend(referred);
        }
        // A workload of Kubernetes names the objects that it takes values from: of one it may take something else.
        for (position, others) in &mut direct {
            let kind = |position: u32| plan.resource(position).map_or("", |resource| &*resource.kind);
            if is_told(kind(*position)) && is_kubernetes(kind(*position)) {
                others.retain(|other| !is_kubernetes(kind(*other)));
            }
        }
        let told = direct.keys().copied();
        let found = told.map(|position| {
            let mut reached = BTreeSet::new();
            let mut seen = BTreeSet::new();
            follow(
                plan,
                &direct,
                |other| servers.contains_key(&(index, other)),
                position,
                0,
                &mut seen,
                &mut reached,
            );
            (position, reached)
        });
        Self(found.collect())
    }

    pub(super) fn of(&self, position: u32) -> &BTreeSet<u32> {
        const NONE: &BTreeSet<u32> = &BTreeSet::new();
        self.0.get(&position).unwrap_or(NONE)
    }
}

fn is_kubernetes(kind: &str) -> bool {
    kind.starts_with(KUBERNETES) || kind == "kubectl_manifest"
}

fn is_told(kind: &str) -> bool {
    TOLD.contains(&kind) || (kind.starts_with(KUBERNETES) && !CARRIERS.contains(&kind))
}

fn follow(
    plan: &Plan,
    direct: &BTreeMap<u32, BTreeSet<u32>>,
    is_server: impl Fn(u32) -> bool + Copy,
    position: u32,
    depth: usize,
    seen: &mut BTreeSet<u32>,
    reached: &mut BTreeSet<u32>,
) {
    for other in direct.get(&position).into_iter().flatten() {
        if is_server(*other) {
            reached.insert(*other);
        } else if depth < DEPTH && seen.insert(*other) {
            let carries = plan.resource(*other).is_some_and(|resource| !is_told(&resource.kind));
            if carries {
                follow(plan, direct, is_server, *other, depth + 1, seen, reached);
            }
        }
    }
}
