//! What `probity facts` shows of settings, and what it masks.

use super::*;
use crate::facts::{Fact, Value};

/// `name value source from key evidence` of each setting of the only workload, as `probity facts` shows it.
fn shown(text: &str) -> Vec<String> {
    let mut estate = estate(text);
    // What a scan masks because of what stands beside it.
    let secret = estate.sources.as_slice()[0].text.find("masked").map(|at| at..at + "masked".len());
    estate.sources.get_mut(crate::source::SourceId(0)).add_mask(secret);
    let set = Set::new(estate.view(0));
    let (id, _) = set.workloads().iter().next().unwrap();
    let Value::Array(entries) = overview(&set, id).value else { panic!("a list") };
    let text = |entry: &Fact, key: &str| match entry.get(key).map(|field| &field.value) {
        Some(Value::String(text)) => text.to_string(),
        Some(Value::Null) => "-".to_owned(),
        other => panic!("`{key}` is {other:?}"),
    };
    let entries = entries.iter().map(|entry| {
        assert!(entry.origin.is_some(), "each has a place");
        ["name", "value", "source", "from", "key", "evidence"].map(|key| text(entry, key)).join(" ")
    });
    entries.collect()
}

#[test]
fn facts_show_what_a_workload_is_told_and_no_credential() {
    let container = "
env:
- {name: MODE, value: fast}
- {name: HOST, valueFrom: {configMapKeyRef: {name: settings, key: HOST}}}
- {name: USER, valueFrom: {secretKeyRef: {name: login, key: USER}}}
- {name: GONE, valueFrom: {secretKeyRef: {name: gone, key: token}}}
- {name: POD_IP, valueFrom: {fieldRef: {fieldPath: status.podIP}}}
- {name: DB_PASSWORD, value: corr3ct-h0rse}
- {name: URL, value: 'tcp://$(USER)@$(HOST)/root'}
- {name: PLAIN, value: 'tcp://$(HOST)/x'}
- {name: COPY, value: 'it is corr3ct-h0rse'}
- {name: OTHER, value: masked}
- {name: JAVA_OPTS, value: '-Da.user=$(USER) -Da.mode=$(MODE)'}
args: ['--user=$(USER)', '--root=/root']
";
    assert_eq!(
        shown(&format!("{}{KEPT}", pod(container))),
        [
            "MODE fast literal - - explicit",
            "HOST db config-map ConfigMap/default/settings HOST explicit",
            "USER ******** secret Secret/default/login USER explicit",
            "GONE - missing Secret/default/gone token explicit",
            "POD_IP - runtime - - explicit",
            "DB_PASSWORD ******** literal - - explicit",
            "URL ******** literal - - explicit",
            "PLAIN tcp://db/x literal - - explicit",
            "COPY ******** literal - - explicit",
            "OTHER ******** literal - - explicit",
            "JAVA_OPTS ******** literal - - explicit",
            "--user ******** literal - - explicit",
            "--root /root literal - - explicit",
            "a.user ******** literal - - explicit",
            "a.mode fast literal - - explicit",
        ]
    );
}

#[test]
fn a_script_that_holds_a_credential_is_not_shown() {
    let mount = "volumeMounts: [{name: v, mountPath: /run}]";
    let volume = "- {name: v, configMap: {name: scripts}}";
    let kept = "---
apiVersion: v1
kind: ConfigMap
metadata: {name: scripts}
data:
  login.sh: |
    set -e
    export DB_PASSWORD=corr3ct-h0rse
  hello.sh: |
    set -e
    echo hello
";
    let shown = shown(&format!("{}{kept}", pod_with_volumes(mount, volume)));
    assert_eq!(
        shown,
        [
            "login.sh ******** config-map ConfigMap/default/scripts login.sh own-file",
            "hello.sh set -e\necho hello\n config-map ConfigMap/default/scripts hello.sh own-file",
        ]
    );
}

#[test]
fn many_secrets_are_looked_for_like_few() {
    let secrets: Vec<String> =
        (0..100).map(|number| format!("- {{name: PASSWORD_{number}, value: 's3cr-{number}-x'}}\n")).collect();
    let secrets = secrets.concat();
    let text = pod(&format!(
        "env:\n{secrets}- {{name: COPY, value: 'a s3cr-77-x b'}}\n- {{name: PLAIN, value: 'a s3cr-7'}}\n"
    ));
    let shown = shown(&text);
    assert!(shown.iter().take(101).all(|line| line.contains("********")), "{shown:?}");
    assert_eq!(shown[101], "PLAIN a s3cr-7 literal - - explicit");
}
