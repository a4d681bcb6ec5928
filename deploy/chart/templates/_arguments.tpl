{{- /* What the audit is told: it reads the cluster, or joins what shards read of it. */ -}}
{{- define "probity.arguments" -}}
{{- if .Values.shards.count }}
- merge
{{- range $index := until (int .Values.shards.count) }}
- /var/lib/probity/{{ $index }}.shard
{{- end }}
- --shard-age={{ .Values.shards.oldest }}
- --shard-span={{ .Values.shards.oldest }}
{{- else }}
- scan
- --cluster
{{- end }}
- --no-progress
- --fail-on={{ .Values.scan.failOn }}
- --audit=/var/lib/probity/audit
{{- /* The key has a name, which is the log's. */}}
{{- if .Values.audit.origin }}
- --audit-origin={{ .Values.audit.origin }}
{{- else if not .Values.audit.signingKey.secretName }}
- --audit-origin={{ .Release.Namespace }}/{{ include "probity.name" . }}
{{- end }}
{{- if .Values.scan.configuration }}
- --config=/etc/probity/configuration/probity.yaml
{{- else }}
- --no-config
{{- end }}
{{- range .Values.scan.namespaces }}
- --namespace={{ . }}
{{- end }}
- --format=text
{{- range .Values.scan.reports }}
- --format={{ .format }}
- --output=/var/lib/probity/{{ .file }}
{{- end }}
{{- if .Values.policyReports.enabled }}
- --write-policy-reports
{{- end }}
{{- with .Values.metrics.pushURL }}
- {{ printf "--push-metrics=%s" . | quote }}
{{- end }}
{{- range .Values.scan.extraArguments }}
- {{ . | quote }}
{{- end }}
{{- end -}}

{{- /* What a shard is told: as the audit where it decides what is read and by which rules. */ -}}
{{- define "probity.shardArguments" -}}
- scan
- --cluster
- --no-progress
- --shard=$(JOB_COMPLETION_INDEX)/{{ .Values.shards.count }}
- --output=/var/lib/probity/$(JOB_COMPLETION_INDEX).shard
{{- /* The audit's record names each shard by its digest. Several logs of one key would be forks of one log. */}}
- --audit=off
{{- if .Values.scan.configuration }}
- --config=/etc/probity/configuration/probity.yaml
{{- else }}
- --no-config
{{- end }}
{{- range .Values.scan.namespaces }}
- --namespace={{ . }}
{{- end }}
{{- range .Values.shards.extraArguments }}
- {{ . | quote }}
{{- end }}
{{- end -}}
