//! Definitions of mesh objects, as far as facts are worked out from them.
//!
//! Source: istio/istio `manifests/charts/base/files/crd-all.gen.yaml` and the validations of istio/api; linkerd2
//! `charts/linkerd-crds/templates/policy` and `policy-controller/src/admission.rs`; kubernetes-sigs/gateway-api
//! `config/crd/standard`; kumahq/kuma `api/mesh/v1alpha1/mesh.proto` and `pkg/plugins/policies/meshtls`; hashicorp/consul-k8s
//! `control-plane/api/v1alpha1`; cilium `pkg/policy/api/rule.go`.

use super::{
    Field,
    Shape::{self, Boolean, Closed, Integer, List, Map, Object, OneOf, Ports, Scalar, ScopedHost, Text},
    field, required,
};

/// What `spec` of a kind has to be; `None`: whatever it likes.
pub(super) fn shape(group: &str, kind: &str) -> Option<Shape> {
    Some(match (group, kind) {
        ("security.istio.io", "PeerAuthentication") => Closed(PEER_AUTHENTICATION),
        ("security.istio.io", "AuthorizationPolicy") => Object(AUTHORIZATION_POLICY),
        ("networking.istio.io", "DestinationRule") => Object(DESTINATION_RULE),
        ("networking.istio.io", "Sidecar") => Object(SIDECAR),
        ("networking.istio.io", "Gateway") => Object(GATEWAY),
        ("networking.istio.io", "VirtualService") => Object(VIRTUAL_SERVICE),
        ("policy.linkerd.io", "Server") => Object(SERVER),
        ("policy.linkerd.io", "ServerAuthorization") => Object(SERVER_AUTHORIZATION),
        ("policy.linkerd.io", "AuthorizationPolicy") => Object(LINKERD_AUTHORIZATION_POLICY),
        ("policy.linkerd.io" | "gateway.networking.k8s.io", "HTTPRoute" | "GRPCRoute") => Object(ROUTE),
        ("gateway.networking.k8s.io", "Gateway") => Object(GATEWAY_API),
        ("networking.istio.io", "ServiceEntry") => Object(SERVICE_ENTRY),
        ("kuma.io", "Mesh") => Object(KUMA_MESH),
        ("kuma.io", "MeshTLS") => Object(KUMA_TLS),
        ("consul.hashicorp.com", "ServiceDefaults" | "ProxyDefaults") => Object(CONSUL_DEFAULTS),
        ("cilium.io", "CiliumNetworkPolicy" | "CiliumClusterwideNetworkPolicy") => Object(CILIUM_POLICY),
        _ => return None,
    })
}

const TEXTS: Shape = List(&Text);
const LABELS: Shape = Map(&Text);

/// Istio's own selector, which has no `matchExpressions` (istio/api `type/v1beta1/selector.proto`).
const WORKLOAD_SELECTOR: Shape = Closed(&[field("matchLabels", LABELS)]);

/// That of Kubernetes (meta/v1 `LabelSelector`).
const LABEL_SELECTOR: Shape = Closed(&[
    field("matchLabels", LABELS),
    field(
        "matchExpressions",
        List(&Closed(&[
            required("key", Text),
            required("operator", OneOf(&["In", "NotIn", "Exists", "DoesNotExist"])),
            field("values", TEXTS),
        ])),
    ),
]);

const MUTUAL_TLS: Shape = Closed(&[field("mode", OneOf(&["UNSET", "DISABLE", "PERMISSIVE", "STRICT"]))]);

const PEER_AUTHENTICATION: &[Field] = &[
    field("selector", WORKLOAD_SELECTOR),
    field("mtls", MUTUAL_TLS),
    field("portLevelMtls", Ports(&MUTUAL_TLS)),
];

const SOURCE: &[Field] = &[
    field("principals", TEXTS),
    field("notPrincipals", TEXTS),
    field("requestPrincipals", TEXTS),
    field("notRequestPrincipals", TEXTS),
    field("namespaces", TEXTS),
    field("notNamespaces", TEXTS),
    field("serviceAccounts", TEXTS),
    field("notServiceAccounts", TEXTS),
    field("ipBlocks", TEXTS),
    field("notIpBlocks", TEXTS),
    field("remoteIpBlocks", TEXTS),
    field("notRemoteIpBlocks", TEXTS),
];

const OPERATION: &[Field] = &[
    field("hosts", TEXTS),
    field("notHosts", TEXTS),
    field("ports", TEXTS),
    field("notPorts", TEXTS),
    field("methods", TEXTS),
    field("notMethods", TEXTS),
    field("paths", TEXTS),
    field("notPaths", TEXTS),
];

const CONDITION: &[Field] = &[required("key", Text), field("values", TEXTS), field("notValues", TEXTS)];

const AUTHORIZATION_POLICY: &[Field] = &[
    field("selector", WORKLOAD_SELECTOR),
    field("action", OneOf(&["ALLOW", "DENY", "AUDIT", "CUSTOM"])),
    field(
        "rules",
        List(&Closed(&[
            field("from", List(&Closed(&[field("source", Object(SOURCE))]))),
            field("to", List(&Closed(&[field("operation", Object(OPERATION))]))),
            field("when", List(&Closed(CONDITION))),
        ])),
    ),
];

const PORT: Shape = Object(&[field("number", Integer)]);

const TLS: Shape = Closed(&[
    field("mode", OneOf(&["DISABLE", "SIMPLE", "MUTUAL", "ISTIO_MUTUAL"])),
    field("clientCertificate", Text),
    field("privateKey", Text),
    field("caCertificates", Text),
    field("credentialName", Text),
    field("subjectAltNames", TEXTS),
    field("sni", Text),
    field("insecureSkipVerify", Boolean),
    field("caCrl", Text),
]);

const TRAFFIC_POLICY: Shape = Object(&[
    field("tls", TLS),
    field("portLevelSettings", List(&Object(&[field("port", PORT), field("tls", TLS)]))),
]);

const DESTINATION_RULE: &[Field] = &[
    required("host", Text),
    field("trafficPolicy", TRAFFIC_POLICY),
    field(
        "subsets",
        List(&Object(&[
            required("name", Text),
            field("labels", LABELS),
            field("trafficPolicy", TRAFFIC_POLICY),
        ])),
    ),
    field("exportTo", TEXTS),
    field("workloadSelector", WORKLOAD_SELECTOR),
];

const SIDECAR: &[Field] = &[
    field("workloadSelector", Closed(&[field("labels", LABELS)])),
    field("egress", List(&Object(&[required("hosts", List(&ScopedHost)), field("port", PORT)]))),
    field("outboundTrafficPolicy", Object(&[field("mode", OneOf(&["REGISTRY_ONLY", "ALLOW_ANY"]))])),
];

const GATEWAY: &[Field] = &[
    field("selector", LABELS),
    field(
        "servers",
        List(&Object(&[
            required(
                "port",
                Object(&[required("number", Integer), required("protocol", Text), field("name", Text)]),
            ),
            required("hosts", TEXTS),
            field(
                "tls",
                Object(&[
                    field(
                        "mode",
                        OneOf(&[
                            "PASSTHROUGH",
                            "SIMPLE",
                            "MUTUAL",
                            "AUTO_PASSTHROUGH",
                            "ISTIO_MUTUAL",
                            "OPTIONAL_MUTUAL",
                        ]),
                    ),
                    field("httpsRedirect", Boolean),
                    field("credentialName", Text),
                ]),
            ),
        ])),
    ),
];

const DESTINATION: Shape = Object(&[required("host", Text), field("subset", Text), field("port", PORT)]);

const ROUTED: Shape = List(&Object(&[
    field("route", List(&Object(&[field("destination", DESTINATION)]))),
    field("mirror", DESTINATION),
]));

const VIRTUAL_SERVICE: &[Field] = &[
    field("hosts", TEXTS),
    field("gateways", TEXTS),
    field("exportTo", TEXTS),
    field("http", ROUTED),
    field("tcp", ROUTED),
    field("tls", ROUTED),
];

const SERVICE_ENTRY: &[Field] = &[
    required("hosts", TEXTS),
    field("location", OneOf(&["MESH_EXTERNAL", "MESH_INTERNAL"])),
    field("resolution", OneOf(&["NONE", "STATIC", "DNS", "DNS_ROUND_ROBIN", "DYNAMIC_DNS"])),
    field(
        "ports",
        List(&Object(&[required("number", Integer), field("protocol", Text), field("targetPort", Integer)])),
    ),
    field("workloadSelector", Closed(&[field("labels", LABELS)])),
    field("exportTo", TEXTS),
];

const GATEWAY_API: &[Field] = &[
    required("gatewayClassName", Text),
    required(
        "listeners",
        List(&Object(&[
            required("name", Text),
            required("port", Integer),
            required("protocol", Text),
            field("hostname", Text),
            field("tls", Object(&[field("mode", OneOf(&["Terminate", "Passthrough"]))])),
        ])),
    ),
];

const KUMA_MESH: &[Field] = &[field(
    "mtls",
    Object(&[
        field("enabledBackend", Text),
        field(
            "backends",
            List(&Object(&[required("name", Text), field("mode", OneOf(&["STRICT", "PERMISSIVE"]))])),
        ),
    ]),
)];

const KUMA_MODE: Shape = Object(&[field("mode", OneOf(&["Strict", "Permissive"]))]);

const KUMA_TLS: &[Field] = &[
    field("from", List(&Object(&[field("default", KUMA_MODE)]))),
    field("rules", List(&Object(&[field("default", KUMA_MODE)]))),
];

const CONSUL_DEFAULTS: &[Field] = &[field("mutualTLSMode", OneOf(&["", "strict", "permissive"]))];

const CILIUM_RULES: Shape = List(&Object(&[field(
    "authentication",
    Object(&[required("mode", OneOf(&["disabled", "required", "test-always-fail"]))]),
)]));

const CILIUM_POLICY: &[Field] = &[
    field("endpointSelector", LABEL_SELECTOR),
    field("ingress", CILIUM_RULES),
    field("egress", CILIUM_RULES),
];

/// What a port takes without anything that authorizes; Linkerd's webhook knows no other.
const ACCESS: Shape = OneOf(&[
    "all-authenticated",
    "all-unauthenticated",
    "audit",
    "cluster-authenticated",
    "cluster-unauthenticated",
    "deny",
]);

const SERVER: &[Field] =
    &[field("podSelector", LABEL_SELECTOR), required("port", Scalar), field("accessPolicy", ACCESS)];

const SERVER_AUTHORIZATION: &[Field] = &[
    required("server", Object(&[field("name", Text), field("selector", LABEL_SELECTOR)])),
    required(
        "client",
        Object(&[
            field("unauthenticated", Boolean),
            field("meshTLS", Object(&[field("unauthenticatedTLS", Boolean), field("identities", TEXTS)])),
        ]),
    ),
];

const REFERENCE: &[Field] = &[field("group", Text), required("kind", Text), required("name", Text)];

const LINKERD_AUTHORIZATION_POLICY: &[Field] = &[
    required("targetRef", Object(REFERENCE)),
    required("requiredAuthenticationRefs", List(&Object(REFERENCE))),
];

const ROUTE: &[Field] = &[
    field(
        "parentRefs",
        List(&Object(&[
            field("group", Text),
            field("kind", Text),
            field("namespace", Text),
            required("name", Text),
            field("sectionName", Text),
            field("port", Integer),
        ])),
    ),
    field(
        "rules",
        List(&Object(&[field(
            "backendRefs",
            List(&Object(&[required("name", Text), field("namespace", Text), field("port", Integer)])),
        )])),
    ),
];
