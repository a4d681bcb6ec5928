//! Which services are told of which buckets of a plan, or have a role that may use them, and which backups and models of
//! dbt are kept there (domains.md T6, T8).
//!
//! A role tells which way objects go where no name does. Deliberately absent: buckets that no plan holds.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    connectors, google_grants,
    roles::{self, Right},
};
use crate::{
    facts::{
        Because, Origin, Set,
        buckets::planned::Planned,
        datastores::{Function, ServedBy, ServerId},
        environment::Setting,
        topics::{Direction, words},
        workloads::WorkloadId,
    },
    resource::terraform::Plan,
};

/// Position of a plan, and of a resource in it.
pub(super) type Position = (u32, u32);

/// What has to do with a bucket.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum User {
    Workload(WorkloadId),
    Function(Position),
    /// A server whose operator backs it up.
    Server(ServerId),
    /// A model of dbt.
    Model(String),
    /// A connector of Kafka, by its id.
    Connector(String),
}

/// Somebody uses a bucket.
#[derive(Debug)]
pub(super) struct Use {
    pub(super) by: User,
    pub(super) bucket: Position,
    pub(super) direction: Direction,
    pub(super) because: Because,
}

/// Where `CloudNativePG` is told to keep backups.
const BACKUP: [&str; 4] = ["spec", "backup", "barmanObjectStore", "destinationPath"];

/// Types of buckets, with the attribute that is their name.
const KINDS: [(&str, &str); 3] =
    [("aws_s3_bucket", "bucket"), ("google_storage_bucket", "name"), (DATASET, "dataset_id")];

/// What keeps rows as buckets keep objects. Its name is of another kind than theirs.
pub(super) const DATASET: &str = "google_bigquery_dataset";

/// What a bucket's name stands behind.
const SCHEMES: [&str; 5] = ["s3://", "s3a://", "s3n://", "gs://", "arn:aws:s3:::"];

/// Words of a setting's name that tell the way of the objects.
const READ_WORDS: [&str; 6] = ["in", "input", "import", "source", "download", "read"];
const WRITE_WORDS: [&str; 11] = [
    "out",
    "output",
    "export",
    "upload",
    "uploads",
    "archive",
    "backup",
    "backups",
    "destination",
    "sink",
    "write",
];

/// All uses of the buckets of a set's plans.
pub(super) fn uses(set: &Set<'_>) -> Vec<Use> {
    let buckets = Buckets::new(set);
    if buckets.by_position.is_empty() {
        return Vec::new();
    }
    let mut found = Found::default();
    for (id, workload) in set.workloads().iter() {
        for setting in set.environments().of(id) {
            if let Some(bucket) = setting.text.as_deref().and_then(|text| buckets.told(&setting.name, text)) {
                let by = &workload.resource.id;
                found.add(User::Workload(id), bucket, way(&setting.name), || Because {
                    text: format!("`{}` of {by} names the bucket", setting.name),
                    resource: Some(by.clone()),
                    origin: Some(Origin::Place(setting.place.clone())),
                });
            }
        }
    }
    for function in set.datastores().functions() {
        if let Some(plan) = set.view.estate.plans.get(function.plan as usize) {
            of_function(plan, function, &buckets, &mut found);
        }
    }
    for (id, server) in set.datastores().servers.iter() {
        let ServedBy::Operated(index) = server.served_by else { continue };
        let Some(operated) = set.hosts().operators().get(index) else { continue };
        let Some(path) = operated.node.at(&BACKUP) else { continue };
        if let Some(bucket) = path.as_str().and_then(|text| buckets.told("", text)) {
            let by = &operated.resource.id;
            found.add(User::Server(id), bucket, Direction::Writes, || Because {
                text: format!("{by} keeps its backups in the bucket"),
                resource: Some(by.clone()),
                origin: Some(Origin::Place(path.place())),
            });
        }
    }
    for export in set.catalogues().exports() {
        if let Some(bucket) = buckets.told("bucket", &export.bucket) {
            let by = User::Model(export.model.clone());
            found.add(by, bucket, Direction::Writes, || export.because.clone());
        }
    }
    for connector in connectors::connectors(set) {
        let Some((name, because)) = connector.fills else { continue };
        if let Some(bucket) = buckets.told("bucket", &name) {
            let by = User::Connector(connector.resource.id.to_string());
            found.add(by, bucket, Direction::Writes, || because);
        }
    }
    let rights = roles::rights(set, &buckets).into_iter().chain(google_grants::rights(set, &buckets));
    for right in rights {
        found.grant(&right);
    }
    found.uses
}

/// Variables with the name of a bucket, and those whose value is known after apply, by what they refer to.
fn of_function(plan: &Plan, function: &Function, buckets: &Buckets, found: &mut Found) {
    let by = || User::Function((function.plan, function.position));
    let named = |setting: &Setting<'_>| Because {
        text: format!("`{}` of {} names the bucket", setting.name, function.id),
        resource: Some(function.id.clone()),
        origin: Some(Origin::Place(setting.place.clone())),
    };
    let referred: BTreeSet<Position> = function
        .referred(plan)
        .into_iter()
        .map(|position| (function.plan, position))
        .filter(|position| buckets.by_position.contains_key(position))
        .collect();
    let settings = function.settings(plan);
    let mut told = BTreeSet::new();
    for setting in &settings {
        let bucket = match setting.text.as_deref() {
            Some(text) => buckets.told(&setting.name, text),
            None if is_bucket(&setting.name) => buckets.meant(&setting.name, &referred),
            None => None,
        };
        if let Some(bucket) = bucket {
            told.insert(bucket);
            found.add(by(), bucket, way(&setting.name), || named(setting));
        }
    }
    for (bucket, from) in
        referred.iter().filter(|bucket| !told.contains(bucket)).zip(function.told_by.iter().cycle())
    {
        found.add(by(), *bucket, Direction::Unknown, || Because {
            text: format!("the variables of {} refer to the bucket", function.id),
            resource: Some(function.id.clone()),
            origin: Some(function.reference_place(plan, *from)),
        });
    }
}

/// Buckets of the plans of a set.
pub(super) struct Buckets {
    by_name: BTreeMap<String, Position>,
    datasets: BTreeMap<String, Position>,
    by_position: BTreeMap<Position, Bucket>,
}

struct Bucket {
    /// Of its block.
    block: String,
    /// `None`: known after apply.
    name: Option<String>,
}

impl Buckets {
    fn new(set: &Set<'_>) -> Self {
        let mut buckets =
            Self { by_name: BTreeMap::new(), datasets: BTreeMap::new(), by_position: BTreeMap::new() };
        for (index, plan) in (0..).zip(&set.view.estate.plans) {
            for (kind, attribute) in KINDS {
                for (position, resource) in plan.managed(kind) {
                    let planned = Planned::new(index, plan, position);
                    let name = planned.as_ref().and_then(|planned| planned.hidden_text(attribute));
                    let names = if kind == DATASET { &mut buckets.datasets } else { &mut buckets.by_name };
                    if let Some(name) = name {
                        names.entry(name.to_owned()).or_insert((index, position));
                    }
                    let bucket =
                        Bucket { block: resource.name.to_string(), name: name.map(ToOwned::to_owned) };
                    buckets.by_position.insert((index, position), bucket);
                }
            }
        }
        buckets
    }

    pub(super) fn is_bucket(&self, position: Position) -> bool {
        self.by_position.contains_key(&position)
    }

    pub(super) fn named(&self, name: &str) -> Option<Position> {
        self.by_name.get(name).copied()
    }

    /// The dataset with a name, which may stand behind its project: `projects/shop/datasets/orders`, `shop:orders`.
    pub(super) fn dataset(&self, name: &str) -> Option<Position> {
        self.datasets.get(name.rsplit(['/', ':', '.']).next()?).copied()
    }

    /// The bucket that an ARN names, itself or its objects.
    pub(super) fn of_arn(&self, arn: &str) -> Option<Position> {
        let (_, name) = arn.split_once(":s3:::")?;
        self.by_name.get(name.split('/').next().unwrap_or(name)).copied()
    }

    /// All objects of a bucket, as the last part of an ARN names them; empty where its name is not known.
    pub(super) fn objects(&self, position: Position) -> String {
        let name = self.by_position.get(&position).and_then(|bucket| bucket.name.as_ref());
        name.map(|name| format!("{name}/*")).unwrap_or_default()
    }

    /// The bucket that a setting names, by its name alone only where the setting is about buckets.
    fn told(&self, name: &str, text: &str) -> Option<Position> {
        if ends_with(name, "dataset")
            && words(name).iter().any(|word| matches!(word.as_str(), "bigquery" | "bq"))
        {
            return self.dataset(text);
        }
        let rest = SCHEMES.iter().find_map(|scheme| text.strip_prefix(scheme));
        let rest = rest.or_else(|| is_bucket(name).then_some(text))?;
        self.by_name.get(rest.split('/').next().unwrap_or(rest)).copied()
    }

    /// Of several buckets that variables refer to, the only one, or the one that a variable shares a word with.
    fn meant(&self, name: &str, referred: &BTreeSet<Position>) -> Option<Position> {
        let words = words(name);
        let shares = |position: &&Position| {
            let block = self.by_position.get(position).map_or("", |bucket| &bucket.block);
            block.split(['_', '-']).any(|word| word != "bucket" && words.iter().any(|other| other == word))
        };
        let mut fitting = referred.iter().filter(|position| referred.len() == 1 || shares(position));
        match (fitting.next(), fitting.next()) {
            (Some(only), None) => Some(*only),
            _ => None,
        }
    }
}

/// Whether a setting's name says that it is about a bucket.
fn is_bucket(name: &str) -> bool {
    ends_with(name, "bucket")
}

/// Whether a setting is called so, or the name of such a thing.
fn ends_with(name: &str, what: &str) -> bool {
    let mut words = words(name).into_iter().rev();
    let last = words.next();
    let last = if matches!(last.as_deref(), Some("name" | "id" | "arn")) { words.next() } else { last };
    last.as_deref() == Some(what)
}

fn way(name: &str) -> Direction {
    let words = words(name);
    let has = |known: &[&str]| words.iter().any(|word| known.contains(&word.as_str()));
    match (has(&READ_WORDS), has(&WRITE_WORDS)) {
        (true, false) => Direction::Reads,
        (false, true) => Direction::Writes,
        _ => Direction::Unknown,
    }
}

/// Uses, each once.
#[derive(Default)]
struct Found {
    uses: Vec<Use>,
    seen: BTreeSet<(User, Position, Direction)>,
    /// Positions in `uses`, by who uses which bucket.
    by_user: BTreeMap<(User, Position), Vec<usize>>,
}

impl Found {
    fn add(&mut self, by: User, bucket: Position, direction: Direction, because: impl FnOnce() -> Because) {
        if self.seen.insert((by.clone(), bucket, direction)) {
            self.by_user.entry((by.clone(), bucket)).or_default().push(self.uses.len());
            self.uses.push(Use { by, bucket, direction, because: because() });
        }
    }

    /// What a role lets a service do, where nothing else tells.
    fn grant(&mut self, right: &Right) {
        match self.by_user.get(&(right.by.clone(), right.bucket)) {
            Some(told) => {
                for index in told {
                    if let Some(used) = self.uses.get_mut(*index)
                        && used.direction == Direction::Unknown
                    {
                        used.direction = right.direction;
                    }
                }
            }
            None if right.is_own => {
                self.add(right.by.clone(), right.bucket, right.direction, || right.because.clone());
            }
            None => {}
        }
    }
}
