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

/// Of values nothing is known.
fn nothing(_: &str) -> Option<Arc<BTreeSet<String>>> {
    None
}

fn origin(target: usize, wanted: &str) -> (usize, String, bool) {
    let lines: Vec<&str> = OUTPUT.lines().collect();
    let at = lines[target].find(wanted).unwrap();
    let template = Template::new(TEMPLATE, &nothing);
    let made = template.align(&lines, None).lines[target].unwrap();
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

/// The line of a template for each line of an output, counted from 1; 0 where it cannot be told.
fn lines(template: &str, output: &str, values: &[(&str, &[&str])]) -> Vec<usize> {
    let texts = |path: &str| {
        let (_, texts) = values.iter().find(|(known, _)| *known == path)?;
        Some(Arc::new(texts.iter().map(|text| (*text).to_owned()).collect()))
    };
    let output: Vec<&str> = output.lines().collect();
    let made = Template::new(template, &texts).align(&output, None).lines;
    made.into_iter().map(|line| line.map_or(0, |line| line + 1)).collect()
}

const LOOPS: &str = r#"env:
{{- range $k, $v := .Values.env }}
- name: {{ $k }}
  value: {{ $v | quote }}
{{- end }}
{{- range .Values.list }}
- name: {{ .name }}
  value: {{ .value | quote }}
{{- end }}
{{- include "shop.env" . | nindent 0 }}
"#;

const MADE: &str = r#"env:
- name: A
  value: "b"
- name: B
  value: "c"
- name: C
  value: "d"
- name: D
  value: "e""#;

#[test]
fn what_loops_take_tells_them_apart() {
    let (env, list): (&[&str], &[&str]) = (&["A", "b"], &["name", "value", "B", "c", "C", "d"]);
    let values = [(".Values.env", env), (".Values.list", list)];
    assert_eq!(lines(LOOPS, MADE, &values), [1, 3, 4, 7, 8, 7, 8, 10, 10]);
}

#[test]
fn a_line_that_several_may_have_made_is_not_told() {
    assert_eq!(lines(LOOPS, MADE, &[])[..1], [1]);
    assert!(lines(LOOPS, MADE, &[])[3..7].iter().all(|line| *line == 0));
}

proptest! {
    #[test]
    fn any_template_and_output_are_aligned(template in "[a-c{}: \n\"-]{0,60}", output in "[a-c: \n\"-]{0,40}", target in 0usize..8, at in 0usize..10) {
        let lines: Vec<&str> = output.lines().collect();
        let parsed = Template::new(&template, &nothing);
        let made = parsed.align(&lines, None).lines.get(target).copied().flatten();
        let found = made.and_then(|made| parsed.origin(made, lines[target], &(at..at + 2)));
        if let Some(found) = found {
            prop_assert!(template.get(found.span).is_some());
        }
    }

    #[test]
    fn a_text_without_actions_is_its_own_template(lines in proptest::collection::vec("[a-z]{1,4}: [a-z]{1,4}", 1..8), pick in 0usize..8) {
        let lines: Vec<String> =
            lines.iter().enumerate().map(|(at, line)| format!("{line}{at}")).collect();
        let text = lines.join("\n");
        let lines: Vec<&str> = text.lines().collect();
        let target = pick % lines.len();
        let template = Template::new(&text, &nothing);
        let made = template.align(&lines, None).lines[target].unwrap();
        let found = template.origin(made, lines[target], &(0..2)).unwrap();
        prop_assert_eq!(&text[found.span], &lines[target][0..2]);
    }
}
