//! Services of clouds: functions, containers and releases of charts, with the variables that each is told.

use std::{borrow::Cow, collections::BTreeSet, sync::Arc};

use crate::{
    document::{NodeRef, Path, Step, json},
    facts::{
        Origin,
        buckets::planned::{Planned, steps},
        environment::{Channel, Evidence, Origin as Kept, Setting},
    },
    resource::terraform::{Mode, Plan},
};

/// Tasks that no service runs.
const ALONE: &Shape = &shape(TASKS, &[], &[]);

/// A function, a container service or a release of a plan.
#[derive(Debug)]
pub(in crate::facts) struct Service {
    /// Address.
    pub(in crate::facts) id: Arc<str>,
    pub(in crate::facts) plan: u32,
    pub(in crate::facts) position: u32,
    /// Resources whose variables it is told: itself, or its task definition.
    pub(in crate::facts) told_by: BTreeSet<u32>,
    pub(super) shape: &'static Shape,
}

/// Where a type keeps variables and security groups.
#[derive(Debug)]
pub(super) struct Shape {
    kind: &'static str,
    /// Maps of variables.
    maps: &'static [&'static str],
    /// Lists of `{name, value}`; `*` stands for every element.
    lists: &'static [&'static str],
    pub(super) groups: Option<&'static str>,
}

const fn shape(kind: &'static str, maps: &'static [&'static str], lists: &'static [&'static str]) -> Shape {
    Shape { kind, maps, lists, groups: None }
}

const SHAPES: &[Shape] = &[
    Shape {
        groups: Some("vpc_config.0.security_group_ids"),
        ..shape("aws_lambda_function", &["environment.0.variables"], &[])
    },
    Shape { groups: Some("network_configuration.0.security_groups"), ..shape("aws_ecs_service", &[], &[]) },
    shape(
        "aws_apprunner_service",
        &["source_configuration.0.image_repository.0.image_configuration.0.runtime_environment_variables"],
        &[],
    ),
    shape("google_cloudfunctions_function", &["environment_variables"], &[]),
    shape("google_cloudfunctions2_function", &["service_config.0.environment_variables"], &[]),
    shape("google_cloud_run_service", &[], &["template.0.spec.0.containers.*.env"]),
    shape("google_cloud_run_v2_service", &[], &["template.0.containers.*.env"]),
    shape("google_cloud_run_v2_job", &[], &["template.0.template.0.containers.*.env"]),
    shape("azurerm_linux_function_app", &["app_settings"], &["connection_string"]),
    shape("azurerm_windows_function_app", &["app_settings"], &["connection_string"]),
    shape("azurerm_function_app", &["app_settings"], &["connection_string"]),
    shape("azurerm_linux_web_app", &["app_settings"], &["connection_string"]),
    shape("azurerm_windows_web_app", &["app_settings"], &["connection_string"]),
    shape("azurerm_app_service", &["app_settings"], &["connection_string"]),
    shape("azurerm_container_app", &[], &["template.0.container.*.env"]),
    // What a chart makes of its values is no part of a plan: the release stands for what it installs.
    shape("helm_release", &[], &["set", "set_sensitive"]),
];

/// Type of what a container service runs.
pub(in crate::facts) const TASKS: &str = "aws_ecs_task_definition";

/// All services of a plan. A task definition that no service runs is one itself.
pub(super) fn services(index: u32, plan: &Plan) -> Vec<Service> {
    let mut found = Vec::new();
    let mut run: BTreeSet<u32> = BTreeSet::new();
    for (position, resource) in (0..).zip(&plan.resources) {
        let shape = SHAPES.iter().find(|shape| resource.is(Mode::Managed, shape.kind));
        let Some(shape) = shape else { continue };
        let mut told_by = BTreeSet::from([position]);
        if shape.kind == "aws_ecs_service" {
            let referred = plan.referred(resource, &steps("task_definition"));
            let tasks =
                referred.targets.iter().map(|target| target.resource).filter(|target| {
                    plan.resource(*target).is_some_and(|task| task.is(Mode::Managed, TASKS))
                });
            told_by.extend(tasks);
            run.extend(told_by.iter().filter(|task| **task != position));
        }
        found.push(Service { id: Arc::clone(&resource.address), plan: index, position, told_by, shape });
    }
    for (position, resource) in plan.managed(TASKS).filter(|(position, _)| !run.contains(position)) {
        let id = Arc::clone(&resource.address);
        found.push(Service { id, plan: index, position, told_by: BTreeSet::from([position]), shape: ALONE });
    }
    found
}

impl Service {
    /// Variables, in no container; those whose value is known after apply have no text.
    pub(in crate::facts) fn settings(&self, plan: &Plan) -> Vec<Setting<'static>> {
        let mut settings = Vec::new();
        for position in &self.told_by {
            let Some(planned) = Planned::new(self.plan, plan, *position) else { continue };
            if planned.resource.is(Mode::Managed, TASKS) {
                settings.extend(of_tasks(&planned));
                continue;
            }
            for map in self.shape.maps {
                of_map(&planned, map, &mut settings);
            }
            for list in self.shape.lists {
                of_list(&planned, &steps(list), &mut settings);
            }
        }
        settings
    }

    /// Positions of what its variables refer to.
    pub(in crate::facts) fn referred(&self, plan: &Plan) -> BTreeSet<u32> {
        let mut found = BTreeSet::new();
        for resource in self.told_by.iter().filter_map(|position| plan.resource(*position)) {
            let is_task = resource.is(Mode::Managed, TASKS);
            let paths = if is_task { &["container_definitions"][..] } else { self.shape.maps };
            for path in paths {
                let targets = plan.referred(resource, &steps(path)).targets;
                found.extend(targets.into_iter().map(|target| target.resource));
            }
        }
        found
    }

    /// Where it is told what it refers to: its variables, else its address.
    pub(in crate::facts) fn reference_place(&self, plan: &Plan, by: u32) -> Origin {
        let resource = plan.resource(by);
        let path = match resource {
            Some(resource) if resource.is(Mode::Managed, TASKS) => "container_definitions",
            _ => self.shape.maps.first().copied().unwrap_or_default(),
        };
        Origin::Planned { plan: self.plan, resource: by, path: Path(steps(path)) }
    }
}

fn setting(planned: &Planned<'_>, name: &str, text: Option<&str>, path: &[Step]) -> Setting<'static> {
    Setting {
        container: "",
        channel: Channel::Variable,
        name: Cow::Owned(name.to_owned()),
        text: text.map(|text| Cow::Owned(text.to_owned())),
        written: None,
        origin: if text.is_some() { Kept::Literal } else { Kept::Missing(planned.address().to_owned()) },
        key: None,
        file: None,
        evidence: Evidence::Explicit,
        place: planned.resource.locate(planned.plan, path),
        reference: planned.resource.locate(planned.plan, path),
    }
}

fn of_map(planned: &Planned<'_>, map: &str, settings: &mut Vec<Setting<'static>>) {
    let Some(values) = &planned.values else { return };
    let path = steps(map);
    let mut names: BTreeSet<&str> = BTreeSet::new();
    let here = values.document.as_ref().and_then(|document| document.root().locate(&path).node);
    let known: Vec<(&str, NodeRef<'_>)> =
        here.into_iter().flat_map(NodeRef::entries).map(|(name, _, value)| (name, value)).collect();
    for (name, value) in &known {
        names.insert(name);
        let path: Vec<Step> = path.iter().cloned().chain([Step::from(*name)]).collect();
        let text = value.as_str().filter(|_| !values.is_unknown(&path));
        settings.push(setting(planned, name, text, &path));
    }
    let unknown = path.iter().try_fold(&values.unknown, |mask, step| match step {
        Step::Key(key) => mask.get(&**key),
        Step::Index(index) => mask.get(*index),
    });
    let unknown = unknown.and_then(|mask| mask.as_object()).into_iter().flatten();
    for (name, _) in unknown.filter(|(name, _)| !names.contains(name.as_str())) {
        let path: Vec<Step> = path.iter().cloned().chain([Step::from(name.as_str())]).collect();
        settings.push(setting(planned, name, None, &path));
    }
}

fn of_list(planned: &Planned<'_>, path: &[Step], settings: &mut Vec<Setting<'static>>) {
    let Some(values) = &planned.values else { return };
    let Some(document) = &values.document else { return };
    let star = path.iter().position(|step| *step == Step::from("*"));
    let (before, after) = match star {
        Some(at) => (path.get(..at).unwrap_or_default(), path.get(at + 1..)),
        None => (path, None),
    };
    let Some(list) = document.root().locate(before).node else { return };
    for (index, item) in list.items().enumerate() {
        let here: Vec<Step> = before.iter().cloned().chain([Step::Index(index)]).collect();
        if let Some(after) = after {
            let deeper: Vec<Step> = here.into_iter().chain(after.iter().cloned()).collect();
            of_list(planned, &deeper, settings);
        } else if let Some(name) = item.str_at(&["name"]) {
            let value: Vec<Step> = here.into_iter().chain([Step::from("value")]).collect();
            let text = item.str_at(&["value"]).filter(|_| !values.is_unknown(&value));
            settings.push(setting(planned, name, text, &value));
        }
    }
}

/// `container_definitions` is JSON in a string; it is unknown as a whole where a part of it is.
fn of_tasks(planned: &Planned<'_>) -> Vec<Setting<'static>> {
    let path = steps("container_definitions");
    let Some(text) = planned.hidden_text("container_definitions") else { return Vec::new() };
    let parsed = json::parse(planned.plan.source, &Arc::from(text));
    let Some(document) = parsed.documents.first() else { return Vec::new() };
    let mut settings = Vec::new();
    for container in document.root().items() {
        for variable in container.get("environment").into_iter().flat_map(NodeRef::items) {
            if let (Some(name), Some(value)) = (variable.str_at(&["name"]), variable.str_at(&["value"])) {
                settings.push(setting(planned, name, Some(value), &path));
            }
        }
    }
    settings
}
