use proptest::prelude::*;

use super::*;

const TEMPLATE: &str = r#"{{- if .Values.enabled }}
# A comment
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "shop.name" . }}-web
  labels:
    {{- include "shop.labels" . | nindent 4 }}
spec:
  template:
    spec:
      containers:
      {{- range .Values.containers }}
      - name: {{ .name }}
        image: "{{ .repository }}:{{ .tag | default "latest" }}"
        env:
        - name: LEVEL
          value: debug
      {{- end }}
      serviceAccountName: web
{{- end }}
"#;

const OUTPUT: &str = r#"# A comment
apiVersion: apps/v1
kind: Deployment
metadata:
  name: shop-web
  labels:
    app: shop
    tier: web
spec:
  template:
    spec:
      containers:
      - name: one
        image: "repo/one:1.0"
        env:
        - name: LEVEL
          value: debug
      - name: two
        image: "repo/two:latest"
        env:
        - name: LEVEL
          value: debug
      serviceAccountName: web"#;

fn origin(target: usize, wanted: &str) -> (usize, String, bool) {
    let lines: Vec<&str> = OUTPUT.lines().collect();
    let at = lines[target].find(wanted).unwrap();
    let template = Template::new(TEMPLATE);
    let made = template.align(&lines)[target];
    let found = template.origin(made, lines[target], &(at..at + wanted.len())).unwrap();
    let line = TEMPLATE[..found.span.start].matches('\n').count() + 1;
    (line, TEMPLATE[found.span].to_owned(), found.is_action)
}

#[test]
fn every_line_is_found_in_the_template_that_made_it() {
    for (target, wanted, line, text, action) in [
        (1, "apps/v1", 3, "apps/v1", false),
        (4, "shop-web", 6, r#"{{ include "shop.name" . }}-web"#, true),
        (4, "name", 6, "name", false),
        (6, "shop", 8, r#"{{- include "shop.labels" . | nindent 4 }}"#, true),
        (7, "web", 8, r#"{{- include "shop.labels" . | nindent 4 }}"#, true),
        (13, "1.0", 15, r#"{{ .tag | default "latest" }}"#, true),
        (13, "\"repo/one:1.0\"", 15, r#""{{ .repository }}:{{ .tag | default "latest" }}""#, true),
        (13, "one:1", 15, r#"{{ .repository }}:{{ .tag | default "latest" }}"#, true),
        (13, "\"repo", 15, r#""{{ .repository }}"#, true),
        (16, "debug", 18, "debug", false),
        (17, "two", 14, "{{ .name }}", true),
        (18, "image", 15, "image", false),
        (21, "debug", 18, "debug", false),
        (22, "web", 20, "web", false),
    ] {
        assert_eq!(origin(target, wanted), (line, text.to_owned(), action), "line {target}: {wanted}");
    }
}

proptest! {
    #[test]
    fn any_template_and_output_are_aligned(template in "[a-c{}: \n\"-]{0,60}", output in "[a-c: \n\"-]{0,40}", target in 0usize..8, at in 0usize..10) {
        let lines: Vec<&str> = output.lines().collect();
        let parsed = Template::new(&template);
        let made = parsed.align(&lines).get(target).copied();
        let found = made.and_then(|made| parsed.origin(made, lines[target], &(at..at + 2)));
        if let Some(found) = found {
            prop_assert!(template.get(found.span).is_some());
        }
    }

    #[test]
    fn a_text_without_actions_is_its_own_template(lines in proptest::collection::vec("[a-z]{1,4}: [a-z]{1,4}", 1..8), pick in 0usize..8) {
        let text = lines.join("\n");
        let lines: Vec<&str> = text.lines().collect();
        let target = pick % lines.len();
        let template = Template::new(&text);
        let found = template.origin(template.align(&lines)[target], lines[target], &(0..2)).unwrap();
        prop_assert_eq!(&text[found.span], &lines[target][0..2]);
    }
}
