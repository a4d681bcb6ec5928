//! Values of charts: which files they are. What stands in them is deployed as it is, whichever template takes it.
//!
//! Deliberately absent: what a template makes of a value (that is [`super::render`]), and values that only tests install.

/// Whether a file holds values of a chart by its name, beside the chart or for one from elsewhere: `values.yaml`,
/// `values-prod.yaml`, `shop.values.yml`.
pub fn is_named_so(file: &str) -> bool {
    let name = file.rsplit('/').next().unwrap_or(file).to_ascii_lowercase();
    let Some((stem, "yaml" | "yml")) = name.rsplit_once('.') else { return false };
    let separated = |rest: &str, at: fn(&str) -> Option<char>| {
        rest.is_empty() || at(rest).is_some_and(|character| matches!(character, '-' | '_' | '.'))
    };
    let begins = stem.strip_prefix("values").is_some_and(|rest| separated(rest, |rest| rest.chars().next()));
    let ends =
        stem.strip_suffix("values").is_some_and(|rest| separated(rest, |rest| rest.chars().next_back()));
    // `values.schema.yaml` describes values.
    (begins || ends) && !stem.ends_with("schema")
}

/// The chart for whose tests alone a file holds values (chart-testing installs a chart with each of `ci/*-values.yaml`):
/// its `Chart.yaml`.
pub fn tested_chart(file: &str) -> Option<String> {
    let (folder, _) = file.rsplit_once('/')?;
    let chart = folder.strip_suffix("ci").filter(|chart| chart.is_empty() || chart.ends_with('/'))?;
    Some(format!("{chart}Chart.yaml"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_charts_are_told_by_their_names() {
        for file in [
            "values.yaml",
            "chart/values.yml",
            "chart/values-prod.yaml",
            "values.prod.yaml",
            "environments/values_eu.yaml",
            "shop-values.yaml",
            "shop.values.yml",
            "chart/ci/tls-values.yaml",
        ] {
            assert!(is_named_so(file), "{file}");
        }
        for file in [
            "values.json",
            "values.schema.json",
            "values.schema.yaml",
            "values.yaml.tpl",
            "valuesets.yaml",
            "myvalues.yaml",
            "values/prod.yaml",
            "application.yml",
            "",
        ] {
            assert!(!is_named_so(file), "{file}");
        }
    }

    #[test]
    fn values_for_the_tests_of_a_chart_name_it() {
        assert_eq!(tested_chart("ci/a-values.yaml").as_deref(), Some("Chart.yaml"));
        assert_eq!(tested_chart("charts/shop/ci/values.yaml").as_deref(), Some("charts/shop/Chart.yaml"));
        assert_eq!(tested_chart("charts/fancy-ci/values.yaml"), None);
        assert_eq!(tested_chart("values.yaml"), None);
    }
}
