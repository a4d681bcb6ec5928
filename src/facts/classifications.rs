//! The fact `classification`: what labels and annotations of an object, or tags of a planned resource, say about the
//! data that it holds.
//!
//! Deliberately absent: what is inherited from elsewhere.

use std::sync::Arc;

use crate::{
    document::NodeRef,
    estate::Resource,
    facts::{
        Because, Fact, Set, Subject,
        buckets::planned::Planned,
        declared::{self, planned},
        places,
    },
    resource::{
        classification::{Key, Meaning, Vocabulary},
        terraform::{Mode, Plan},
    },
    source::Place,
};

/// Types of planned resources that hold data or carry it. Others inherit the provider's tags, and what those say would
/// be told a hundred times.
const HOLDING: &[&str] = &[
    "aws_db_instance",
    "aws_db_snapshot",
    "aws_docdb_cluster",
    "aws_dynamodb_table",
    "aws_ebs_snapshot",
    "aws_ebs_volume",
    "aws_efs_file_system",
    "aws_elasticache_cluster",
    "aws_elasticache_replication_group",
    "aws_elasticsearch_domain",
    "aws_kinesis_firehose_delivery_stream",
    "aws_kinesis_stream",
    "aws_memorydb_cluster",
    "aws_msk_cluster",
    "aws_neptune_cluster",
    "aws_opensearch_domain",
    "aws_rds_cluster",
    "aws_redshift_cluster",
    "aws_s3_bucket",
    "aws_sns_topic",
    "aws_sqs_queue",
    "azurerm_cosmosdb_account",
    "azurerm_eventhub_namespace",
    "azurerm_mariadb_server",
    "azurerm_mssql_database",
    "azurerm_mssql_server",
    "azurerm_mysql_flexible_server",
    "azurerm_mysql_server",
    "azurerm_postgresql_flexible_server",
    "azurerm_postgresql_server",
    "azurerm_redis_cache",
    "azurerm_servicebus_namespace",
    "azurerm_sql_database",
    "azurerm_sql_server",
    "azurerm_storage_account",
    "google_alloydb_cluster",
    "google_bigquery_dataset",
    "google_bigquery_table",
    "google_bigtable_instance",
    "google_compute_disk",
    "google_compute_snapshot",
    "google_pubsub_topic",
    "google_redis_instance",
    "google_spanner_instance",
    "google_sql_database_instance",
    "google_storage_bucket",
];

/// One subject for each planned resource that holds data and has a tag which declares anything.
pub(super) fn planned(vocabulary: Vocabulary<'_>, index: u32, plan: &Plan) -> Vec<Subject> {
    let holding = (0..)
        .zip(&plan.resources)
        .filter(|(_, resource)| resource.mode == Mode::Managed && HOLDING.contains(&&*resource.kind));
    let subjects = holding.filter_map(|(position, resource)| {
        let tags = planned::tags(vocabulary, index, plan, position).filter(|tags| !tags.is_empty())?;
        let said = |tag: &planned::Tag| {
            let value = tag.value.as_deref().map_or_else(|| "set".to_owned(), |value| format!("`{value}`"));
            let text = format!("`{}` of {} is {value}", tag.key, resource.address);
            let resource = Some(Arc::clone(&resource.address));
            Fact::from(Because { text, resource, origin: Some(tag.origin.clone()) })
        };
        let conflict = planned::contradiction(&tags).map_or_else(Fact::default, |(higher, lower)| {
            Fact::object([("higher", said(higher)), ("lower", said(lower))])
        });
        let declarations = tags.into_iter().map(|tag| {
            let recognised = match (&tag.meaning, &tag.value) {
                (Some(_), _) => Fact::from(true),
                (None, Some(_)) => Fact::from(false),
                (None, None) => Fact::unknown(),
            };
            let fields = fields(&tag.key, tag.value.as_deref(), tag.meaning.unwrap_or_default(), recognised);
            Fact::object(fields).at(tag.origin)
        });
        let fact = Fact::object([
            ("kind", Fact::from(&*resource.kind)),
            ("namespace", Fact::default()),
            ("name", Fact::from(&*resource.address)),
            ("declarations", Fact::array(declarations)),
            ("conflict", conflict),
        ]);
        let origin = Planned::new(index, plan, position)?.origin("");
        let (resource, kind) = (resource.address.to_string(), Arc::clone(&resource.kind));
        Some(Subject { resource, kind, fact: fact.at(origin) })
    });
    subjects.collect()
}

/// One subject for each object that declares anything.
pub(super) fn classifications(set: &Set<'_>) -> Vec<Subject> {
    set.view.resources().filter_map(|resource| classification(set, resource)).collect()
}

/// `{kind, namespace, name, declarations: [{key, value, level, categories, recognised}], conflict}`; `conflict` is null or
/// `{lower, higher}`, each `{text, resource}`: of two levels of one object, or of an object and its Namespace. `recognised` is false for a value in no vocabulary and `unknown` where there is no value yet;
/// `level` is then `unknown`, as it is where nothing but a category's absence is declared.
fn classification(set: &Set<'_>, resource: &Resource) -> Option<Subject> {
    let node = set.view.estate.node(resource);
    let vocabulary = set.view.estate.vocabulary();
    let mut declarations = Vec::new();
    for metadata in declared::metadata(resource, node) {
        for field in ["labels", "annotations"] {
            for (key, span, value) in metadata.get(field).into_iter().flat_map(NodeRef::entries) {
                if let Some(kind) = vocabulary.key(key) {
                    let place = Place::new(node.document.source, span);
                    declarations.push(declaration(key, (vocabulary, kind), place, value));
                }
            }
        }
    }
    if declarations.is_empty() {
        return None;
    }
    let conflict = match set.declarations().of(resource).conflict {
        Some((higher, lower)) => Fact::object([("higher", Fact::from(higher)), ("lower", Fact::from(lower))]),
        None => Fact::default(),
    };
    let fact = Fact::object([
        ("kind", Fact::from(&*resource.object.kind)),
        ("namespace", Fact::from(resource.identity.namespace.as_deref())),
        ("name", Fact::from(&*resource.object.name)),
        ("declarations", Fact::array(declarations)),
        ("conflict", conflict),
    ]);
    let fact = fact.at(Some(places::name(node).into()));
    Some(Subject { resource: resource.id.to_string(), kind: Arc::clone(&resource.object.kind), fact })
}

fn declaration(
    name: &str,
    (vocabulary, kind): (Vocabulary<'_>, Key),
    place: Place,
    value: NodeRef<'_>,
) -> Fact {
    // `pii: true` is written without quotes often enough; what is meant is plain.
    let text = value.as_str().or_else(|| (value.is_scalar() && !value.is_null()).then(|| value.raw()));
    let text = text.map(str::trim).filter(|text| !text.is_empty() && !is_filled_in_later(text));
    let meaning = text.map(|text| vocabulary.meaning(kind, text));
    let recognised = match &meaning {
        Some(meaning) => Fact::from(meaning.is_some()),
        None => Fact::unknown(),
    };
    let meaning = meaning.flatten().unwrap_or_default();
    Fact::object(fields(name, text, meaning, recognised)).at(Some(places::value(place, value).into()))
}

fn fields(key: &str, value: Option<&str>, meaning: Meaning, recognised: Fact) -> [(&'static str, Fact); 5] {
    [
        ("key", Fact::from(key)),
        ("value", value.map_or_else(Fact::unknown, Fact::from)),
        ("level", meaning.level.map_or_else(Fact::unknown, |level| Fact::from(level.name()))),
        (
            "categories",
            Fact::array(meaning.categories.into_iter().map(|category| Fact::from(category.name()))),
        ),
        ("recognised", recognised),
    ]
}

fn is_filled_in_later(text: &str) -> bool {
    text.contains("{{") || text.contains("${") || text.contains("$(")
}
