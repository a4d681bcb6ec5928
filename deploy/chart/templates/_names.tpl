{{- /* Names and labels that several objects share. A CronJob's name leaves room for the eleven characters that its Jobs
add, so it has 52 at most. */ -}}
{{- define "probity.name" -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- $full := ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) -}}
{{- $full | trunc 52 | trimSuffix "-" -}}
{{- end -}}

{{- define "probity.serviceAccountName" -}}
{{- default (include "probity.name" .) .Values.serviceAccount.name -}}
{{- end -}}

{{- define "probity.claimName" -}}
{{- default (printf "%s-audit" (include "probity.name" .)) .Values.persistence.existingClaim -}}
{{- end -}}

{{- define "probity.selectorLabels" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "probity.labels" -}}
{{ include "probity.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
{{- end -}}

{{- define "probity.image" -}}
{{- $tag := default .Chart.AppVersion .Values.image.tag -}}
{{- printf "%s:%s" .Values.image.repository $tag -}}
{{- with .Values.image.digest }}@{{ . }}{{ end -}}
{{- end -}}
