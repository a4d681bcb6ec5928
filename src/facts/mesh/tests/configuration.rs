//! Settings of the meshes themselves.

use super::*;

#[test]
fn installations_set_what_sidecars_capture() {
    let operator = |values: &str| {
        format!(
            "apiVersion: install.istio.io/v1alpha1\nkind: IstioOperator\nmetadata: {{name: a, namespace: istio-system}}\nspec: {{values: {values}}}\n---\n"
        )
    };
    let injector = |values: &str, config: &str| {
        format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: istio-sidecar-injector, namespace: istio-system}}\ndata: {{values: '{values}', config: '{config}'}}\n---\n"
        )
    };
    let strict = peer("a", "shop", "{mtls: {mode: STRICT}}");
    for (name, resources, expected) in [
        (
            "a port without quotes",
            operator("{global: {proxy: {excludeInboundPorts: 5432}}}"),
            "istio-sidecar 5432=disabled! 8080=strict",
        ),
        (
            "the injector's values",
            injector("{\"global\": {\"proxy\": {\"excludeInboundPorts\": \"5432\"}}}", "policy: enabled"),
            "istio-sidecar 5432=disabled! 8080=strict",
        ),
        (
            "ports to include",
            injector("{\"global\": {\"proxy\": {\"includeInboundPorts\": \"8080\"}}}", ""),
            "istio-sidecar 5432=disabled! 8080=strict",
        ),
        (
            "what injectors have by default",
            injector(
                "{\"global\": {\"proxy\": {\"includeInboundPorts\": \"*\", \"excludeInboundPorts\": \"\"}}}",
                "policy: enabled",
            ),
            "istio-sidecar 5432=strict 8080=strict",
        ),
        ("only on request", injector("{}", "policy: disabled"), "none 5432=disabled 8080=disabled"),
        (
            "only on request, by its values",
            operator("{global: {proxy: {autoInject: disabled}}}"),
            "none 5432=disabled 8080=disabled",
        ),
        (
            "Pods that are never taken",
            injector("{}", "neverInjectSelector: [{matchLabels: {app: cart}}]"),
            "none 5432=disabled 8080=disabled",
        ),
        (
            "other Pods that are never taken",
            injector("{}", "neverInjectSelector: [{matchLabels: {app: web}}]"),
            "istio-sidecar 5432=strict 8080=strict",
        ),
        (
            "Pods that are never taken, by values",
            operator("{sidecarInjectorWebhook: {neverInjectSelector: [{matchLabels: {app: cart}}]}}"),
            "none 5432=disabled 8080=disabled",
        ),
        (
            "Pods that are always taken",
            injector("{}", "{policy: disabled, alwaysInjectSelector: [{matchLabels: {app: cart}}]}"),
            "istio-sidecar 5432=strict 8080=strict",
        ),
        (
            "proxies that capture nothing",
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: istio, namespace: istio-system}\ndata: {mesh: 'defaultConfig: {interceptionMode: NONE}'}\n---\n".to_owned(),
            "istio-sidecar 5432=disabled! 8080=disabled!",
        ),
    ] {
        let text = format!("{}{}{resources}{strict}", namespace(INJECTED), cart(APP, ""));
        assert_eq!(standing(&text), expected, "{name}");
    }
    let own = "labels: {app: cart}, annotations: {proxy.istio.io/config: 'interceptionMode: NONE'}";
    let text = format!("{}{}{strict}", namespace(INJECTED), cart(own, ""));
    assert_eq!(standing(&text), "istio-sidecar 5432=disabled! 8080=disabled!");
    let linkerd = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: linkerd-config, namespace: linkerd}\ndata: {values: '{proxy: {defaultInboundPolicy: all-authenticated}, proxyInit: {ignoreInboundPorts: 5432}}'}\n---\n";
    let text =
        format!("{}{}{linkerd}", namespace("annotations: {linkerd.io/inject: enabled}"), cart(APP, ""));
    assert_eq!(standing(&text), "linkerd 5432=disabled! 8080=strict");
}

#[test]
fn the_mesh_is_configured_by_what_the_estate_holds() {
    let config = |mesh: &str| {
        format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: istio, namespace: istio-system}}\ndata: {{mesh: '{mesh}'}}\n---\n"
        )
    };
    let strict = peer("a", "mesh-root", "{mtls: {mode: STRICT}}");
    for (name, resources, expected) in [
        ("another root", config("rootNamespace: mesh-root"), "5432=strict 8080=strict"),
        ("the usual root", String::new(), "5432=permissive 8080=permissive"),
        (
            "an operator",
            "apiVersion: install.istio.io/v1alpha1\nkind: IstioOperator\nmetadata: {name: a, namespace: istio-system}\nspec: {meshConfig: {rootNamespace: mesh-root}}\n---\n".to_owned(),
            "5432=strict 8080=strict",
        ),
        (
            "a namespace that Istio does not see",
            config("{rootNamespace: mesh-root, discoverySelectors: [{matchLabels: {seen: please}}]}"),
            "5432=strict 8080=strict",
        ),
    ] {
        let own = if name.starts_with("a namespace") { peer("b", "shop", "{mtls: {mode: PERMISSIVE}}") } else { String::new() };
        let text = format!("{}{}{resources}{strict}{own}", namespace(INJECTED), cart(APP, ""));
        assert_eq!(standing(&text), format!("istio-sidecar {expected}"), "{name}");
    }
}

#[test]
fn settings_count_where_a_control_plane_reads_them() {
    let config = |name: &str, namespace: &str, mesh: &str| {
        format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}, namespace: {namespace}}}\ndata: {{mesh: '{mesh}'}}\n---\n"
        )
    };
    let values = |namespace: &str| {
        format!(
            "apiVersion: install.istio.io/v1alpha1\nkind: IstioOperator\nmetadata: {{name: a, namespace: {namespace}}}\nspec: {{values: {{global: {{istioNamespace: {namespace}}}}}}}\n---\n"
        )
    };
    let usual = peer("a", "istio-system", "{mtls: {mode: STRICT}}");
    let other = peer("a", "mesh", "{mtls: {mode: STRICT}}");
    for (name, resources, mode) in [
        ("of an application", usual.clone() + &config("istio", "shop", "rootNamespace: nowhere"), "strict"),
        (
            "of another name",
            usual.clone() + &config("istiodashboards", "istio-system", "rootNamespace: x"),
            "strict",
        ),
        ("where the plane lies", other.clone() + &values("mesh"), "strict"),
        ("not where the plane lies", usual.clone() + &values("mesh"), "permissive"),
        (
            "beside the plane",
            usual.clone() + &values("mesh") + &config("istio", "mesh", "rootNamespace: istio-system"),
            "strict",
        ),
        ("its own root", other.clone() + &config("istio", "mesh", "rootNamespace: mesh"), "strict"),
        (
            "two that disagree",
            other.clone()
                + &config("istio-a", "mesh", "rootNamespace: mesh")
                + &config("istio-b", "mesh-b", "rootNamespace: mesh-b"),
            "unknown",
        ),
        (
            "two that disagree over a namespace that decides",
            peer("b", "shop", "{mtls: {mode: STRICT}}")
                + &config("istio-a", "mesh", "rootNamespace: mesh")
                + &config("istio-b", "mesh-b", "rootNamespace: mesh-b"),
            "strict",
        ),
        (
            "what cannot be read",
            usual.clone() + &config("istio", "istio-system", "enableAutoMtls: [x"),
            "unknown",
        ),
    ] {
        let text = format!("{}{}{resources}", namespace(INJECTED), cart(APP, ""));
        assert_eq!(standing(&text), format!("istio-sidecar 5432={mode} 8080={mode}"), "{name}");
    }
}

#[test]
fn the_sail_operator_installs_a_mesh_as_its_resource_says() {
    let sail = |spec: &str| {
        format!("apiVersion: sailoperator.io/v1\nkind: Istio\nmetadata: {{name: prod}}\nspec: {spec}\n---\n")
    };
    let revision = namespace("labels: {istio.io/rev: prod}");
    for (name, resources, expected) in [
        ("its name is a revision", sail("{namespace: mesh, version: v1.28.3}"), "strict"),
        ("policies of the mesh lie in its namespace", sail("{namespace: other}"), "permissive"),
        (
            "its values name a root namespace",
            sail("{namespace: other, values: {meshConfig: {rootNamespace: mesh}}}"),
            "strict",
        ),
    ] {
        let strict = peer("a", "mesh", "{mtls: {mode: STRICT}}");
        let text = format!("{revision}{}{strict}{resources}", cart(APP, ""));
        assert_eq!(standing(&text), format!("istio-sidecar 5432={expected} 8080={expected}"), "{name}");
    }
    let version = namespace("labels: {istio.io/rev: prod-v1-28-3}");
    let text = format!("{version}{}{}", cart(APP, ""), sail("{namespace: mesh, version: v1.28.3}"));
    assert_eq!(
        standing(&text),
        "istio-sidecar 5432=permissive 8080=permissive",
        "a revision with its version"
    );
}

#[test]
fn charts_that_the_estate_installs_configure_the_mesh() {
    let application = |source: &str| {
        format!(
            "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {{name: istiod, namespace: argocd}}\nspec: {{{source}}}\n---\n"
        )
    };
    let tagged = "labels: {istio.io/rev: stable}";
    let root = peer("a", "mesh-config", "{mtls: {mode: STRICT}}");
    let chart = "chart: istiod, repoURL: https://charts.example.com";
    for (name, application, expected) in [
        ("no chart", String::new(), "unknown 5432=unknown 8080=unknown"),
        (
            "an object of values",
            application(&format!(
                "source: {{{chart}, helm: {{valuesObject: {{revision: stable, meshConfig: {{rootNamespace: mesh-config}}}}}}}}"
            )),
            "istio-sidecar 5432=strict 8080=strict",
        ),
        (
            "a text of values, of one source of several",
            application(&format!(
                "sources: [{{path: manifests}}, {{{chart}, helm: {{values: '{{revision: stable}}'}}}}]"
            )),
            "istio-sidecar 5432=permissive 8080=permissive",
        ),
        (
            "parameters over values",
            application(&format!(
                "source: {{{chart}, helm: {{values: '{{revision: canary}}', parameters: [{{name: revision, value: stable}}, {{name: meshConfig.rootNamespace, value: mesh-config}}]}}}}"
            )),
            "istio-sidecar 5432=strict 8080=strict",
        ),
        (
            "tags of a revision",
            application(&format!(
                "source: {{{chart}, helm: {{valuesObject: {{revision: canary, revisionTags: [stable]}}}}}}"
            )),
            "istio-sidecar 5432=permissive 8080=permissive",
        ),
        (
            "another chart",
            application("source: {chart: redis, helm: {valuesObject: {revision: stable}}}"),
            "unknown 5432=unknown 8080=unknown",
        ),
        (
            "a tag of Sail",
            "apiVersion: sailoperator.io/v1\nkind: IstioRevisionTag\nmetadata: {name: stable}\nspec: {targetRef: {kind: Istio, name: default}}\n---\n".to_owned(),
            "istio-sidecar 5432=permissive 8080=permissive",
        ),
    ] {
        let text = format!("{}{}{root}{application}", namespace(tagged), cart(APP, ""));
        assert_eq!(standing(&text), expected, "{name}");
    }
    let release = "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: l, namespace: linkerd}\nspec: {chart: {spec: {chart: linkerd-control-plane}}}\n---\n";
    // A mesh that is installed leaves open what a Namespace elsewhere may say.
    assert_eq!(standing(&format!("{}{release}", cart(APP, ""))), "unknown 5432=unknown 8080=unknown");
}
