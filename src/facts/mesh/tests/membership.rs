//! Rows 11 to 15: who is in a mesh.

use super::*;

#[test]
fn membership_is_what_the_injectors_decide() {
    let label = "labels: {app: cart, sidecar.istio.io/inject:";
    let annotation = "annotations: {sidecar.istio.io/inject:";
    for (row, namespace_metadata, pod, spec, expected) in [
        ("11", INJECTED, APP.to_owned(), "hostNetwork: true,", "none"),
        ("12", "", format!("{APP}, {annotation} 'true'}}"), "", "none"),
        ("13", INJECTED, format!("{label} 'false'}}"), "", "none"),
        ("14", INJECTED, format!("{label} 'true'}}, {annotation} 'false'}}"), "", "istio-sidecar"),
        ("15", "labels: {istio-injection: disabled}", format!("{label} 'true'}}"), "", "none"),
        ("b", "", format!("{label} 'true'}}"), "", "istio-sidecar"),
        ("c", "labels: {istio.io/rev: canary}", APP.to_owned(), "", "unknown"),
        ("c, the default", "labels: {istio.io/rev: default}", APP.to_owned(), "", "istio-sidecar"),
        (
            "both",
            "labels: {istio-injection: enabled, istio.io/rev: canary}",
            APP.to_owned(),
            "",
            "istio-sidecar",
        ),
        ("the annotation disables", INJECTED, format!("{APP}, {annotation} 'false'}}"), "", "none"),
        ("ambient", "labels: {istio.io/dataplane-mode: ambient}", APP.to_owned(), "", "istio-ambient"),
        (
            "ambient, opted out",
            "labels: {istio.io/dataplane-mode: ambient}",
            "labels: {istio.io/dataplane-mode: none}".to_owned(),
            "",
            "none",
        ),
        ("linkerd", "annotations: {linkerd.io/inject: enabled}", APP.to_owned(), "", "linkerd"),
        (
            "linkerd, the Pod wins",
            "annotations: {linkerd.io/inject: disabled}",
            "annotations: {linkerd.io/inject: ingress}".to_owned(),
            "",
            "linkerd",
        ),
        ("linkerd, nonsense", "annotations: {linkerd.io/inject: maybe}", APP.to_owned(), "", "none"),
        ("kuma", "labels: {kuma.io/sidecar-injection: enabled}", APP.to_owned(), "", "kuma"),
        ("consul", "", "annotations: {consul.hashicorp.com/connect-inject: 'true'}".to_owned(), "", "consul"),
        ("nothing", "", APP.to_owned(), "", "none"),
        (
            "injected by hand",
            "",
            APP.to_owned(),
            "initContainers: [{name: istio-proxy, restartPolicy: Always}],",
            "istio-sidecar",
        ),
    ] {
        let text = format!("{}{}", namespace(namespace_metadata), cart(&pod, spec));
        let mesh = standing(&text);
        assert_eq!(mesh.split(' ').next(), Some(expected), "row {row}");
    }
}

#[test]
fn openshift_reads_the_annotation_where_istio_does_not() {
    let roll = |members: &str| {
        format!(
            "apiVersion: maistra.io/v1\nkind: ServiceMeshMemberRoll\nmetadata: {{name: default, namespace: istio-system}}\nspec: {{members: [{members}]}}\n---\n"
        )
    };
    let asks = cart(&format!("{APP}, annotations: {{sidecar.istio.io/inject: 'true'}}"), "");
    for (row, roll, pod, expected) in [
        ("12", String::new(), &asks, "none"),
        ("12 on OpenShift", roll("shop"), &asks, "istio-sidecar"),
        ("12 on OpenShift, in no roll of the input", roll("other"), &asks, "unknown"),
        ("12 on OpenShift, not asked", roll("shop"), &cart(APP, ""), "none"),
    ] {
        let mesh = standing(&format!("{}{roll}{pod}", namespace("")));
        assert_eq!(mesh.split(' ').next(), Some(expected), "row {row}");
    }
}

#[test]
fn an_undeclared_namespace_leaves_it_open_unless_the_pod_decides() {
    for (name, pod, spec, others, expected) in [
        ("nothing else", APP, "", "", "unknown"),
        ("no proxy in the node's network", APP, "hostNetwork: true,", "", "none"),
        ("opted out", "annotations: {sidecar.istio.io/inject: 'false'}", "", "", "none"),
        (
            "opted out of one of two",
            "labels: {sidecar.istio.io/inject: 'false'}",
            "",
            "labels: {istio.io/dataplane-mode: ambient}",
            "unknown",
        ),
        ("opted in", "annotations: {linkerd.io/inject: enabled}", "", "", "linkerd"),
        ("asking is not enough", "labels: {sidecar.istio.io/inject: 'true'}", "", "", "unknown"),
        ("the proxy is there", "annotations: {sidecar.istio.io/status: '{}'}", "", "", "istio-sidecar"),
    ] {
        let other = format!("apiVersion: v1\nkind: Namespace\nmetadata: {{name: other, {others}}}\n---\n");
        let mesh = standing(&format!("{other}{}", cart(pod, spec)));
        assert_eq!(mesh.split(' ').next(), Some(expected), "{name}");
    }
}

#[test]
fn pods_of_gateways_are_judged_as_gateways() {
    let metadata = format!("{APP}, annotations: {{inject.istio.io/templates: gateway}}");
    let text = format!("{}{}", namespace(INJECTED), cart(APP, ""));
    let text = text.replace(
        "containers: [{name: cart, ports",
        "containers: [{name: istio-proxy, args: [proxy, router], ports",
    );
    let own = estate(&text);
    let set = Set::new(own.view(0));
    let (id, _) = set.workloads().iter().next().expect("a workload");
    assert!(
        set.mesh().of(id).ports.iter().all(|inbound| !inbound.is_judged),
        "a proxy that is a gateway itself"
    );
    for (metadata, judged) in [(metadata.as_str(), 0), (APP, 2)] {
        let estate = estate(&format!("{}{}", namespace(INJECTED), cart(metadata, "")));
        let set = Set::new(estate.view(0));
        let (id, _) = set.workloads().iter().next().expect("a workload");
        let ports = set.mesh().of(id).ports.iter().filter(|inbound| inbound.is_judged);
        assert_eq!(ports.count(), judged, "{metadata}");
    }
}
