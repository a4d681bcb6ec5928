//! Variants that come do not make the rest of the estate new, nor does what only explains a finding.

use super::{NAMESPACE, STRICT, git, repository, since, write};

fn deployment(name: &str, image: &str, env: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}, namespace: shop}}\nspec:\n  template:\n    metadata: {{labels: {{app: {name}}}}}\n    spec:\n      serviceAccountName: {name}\n      containers:\n        - name: {name}\n          image: {image}\n          ports: [{{containerPort: 8080}}]\n          env: [{env}]\n---\napiVersion: v1\nkind: Service\nmetadata: {{name: {name}, namespace: shop}}\nspec: {{selector: {{app: {name}}}, ports: [{{port: 80, targetPort: 8080}}]}}\n"
    )
}

const CALLS_CART: &str = "{name: CART_URL, value: 'http://cart'}";
const CREDENTIAL: &str = "{name: DB_PASSWORD, value: corr3ct-h0rse}";

#[test]
fn a_second_file_of_one_object_is_new_and_the_rest_of_the_estate_is_not() {
    let relaxed = STRICT.replace("STRICT", "PERMISSIVE");
    let folder = repository(&[
        ("k8s/common/namespace.yaml", NAMESPACE),
        ("k8s/common/mtls.yaml", &relaxed),
        ("k8s/prod/cart.yaml", &deployment("cart", "cart:1", CREDENTIAL)),
        ("k8s/prod/web.yaml", &deployment("web", "web:1", CALLS_CART)),
    ]);
    let rules = ["--rule", "mtls/plaintext-accepted", "--rule", "secrets/plaintext-credential"];
    let old = deployment("web", "web:0", &format!("{CALLS_CART}, {CREDENTIAL}"));
    write(&folder, "k8s/prod/web.old.yaml", &old);
    assert_eq!(since(&folder, &rules).0, ["secrets/plaintext-credential k8s/prod/web.old.yaml"]);
    // Nor does a variant of all that is in one folder.
    git(&folder, &["add", "--all"]);
    git(&folder, &["commit", "--quiet", "--message", "old"]);
    std::fs::create_dir(folder.path().join("k8s/staging")).expect("made");
    write(&folder, "k8s/staging/cart.yaml", &deployment("cart", "cart:2", CREDENTIAL));
    assert_eq!(since(&folder, &rules).0, ["secrets/plaintext-credential k8s/staging/cart.yaml"]);
}

#[test]
fn a_finding_that_spreads_to_a_variant_that_was_there_is_new() {
    let base = |mode: &str| STRICT.replace("STRICT", mode);
    let folder = repository(&[
        ("common/namespace.yaml", NAMESPACE),
        ("common/cart.yaml", &deployment("cart", "cart:1", CALLS_CART)),
        ("prod/mtls.yaml", STRICT),
        ("test/mtls.yaml", &base("PERMISSIVE")),
    ]);
    let rules = ["--rule", "mtls/plaintext-accepted"];
    assert_eq!(since(&folder, &rules).0, [""; 0]);
    write(&folder, "prod/mtls.yaml", &base("DISABLE"));
    assert_eq!(since(&folder, &rules).0.len(), 1);
}

#[test]
fn one_more_caller_of_a_port_that_takes_plaintext_is_not_new() {
    let relaxed = STRICT.replace("STRICT", "PERMISSIVE");
    let folder = repository(&[
        ("namespace.yaml", NAMESPACE),
        ("mtls.yaml", &relaxed),
        ("cart.yaml", &deployment("cart", "cart:1", "")),
    ]);
    write(&folder, "ads.yaml", &deployment("ads", "ads:1", CALLS_CART));
    let more = "apiVersion: v1\nkind: Service\nmetadata: {name: also, namespace: shop}\nspec: {selector: {app: cart}, ports: [{port: 81, targetPort: 8080}]}\n";
    write(&folder, "also.yaml", more);
    let (new, repaired) = since(&folder, &["--rule", "mtls/plaintext-accepted"]);
    // The port of `ads` itself, at the policy that decides.
    assert_eq!((new.len(), repaired.len()), (1, 0), "{new:?}");
}
