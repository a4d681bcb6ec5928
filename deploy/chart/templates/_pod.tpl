{{- /* The Pod of a run: {root, arguments, audits}, where the arguments are a list as YAML and only who audits gets the key. */ -}}
{{- define "probity.pod" -}}
{{- $root := .root -}}
metadata:
  labels:
    {{- include "probity.labels" $root | nindent 4 }}
    {{- with $root.Values.podLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- with $root.Values.podAnnotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  restartPolicy: Never
  serviceAccountName: {{ include "probity.serviceAccountName" $root }}
  automountServiceAccountToken: true
  enableServiceLinks: false
  {{- with $root.Values.imagePullSecrets }}
  imagePullSecrets:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $root.Values.priorityClassName }}
  priorityClassName: {{ . }}
  {{- end }}
  securityContext:
    runAsNonRoot: true
    runAsUser: 65532
    runAsGroup: 65532
    fsGroup: 65532
    fsGroupChangePolicy: OnRootMismatch
    seccompProfile:
      type: RuntimeDefault
  containers:
    - name: probity
      image: {{ include "probity.image" $root }}
      imagePullPolicy: {{ $root.Values.image.pullPolicy }}
      args:
        {{- .arguments | nindent 8 }}
      workingDir: /var/lib/probity
      env:
        # The newest head of the log, by which one that was cut is told.
        - name: XDG_STATE_HOME
          value: /var/lib/probity/state
        {{- if and .audits $root.Values.audit.signingKey.secretName }}
        - name: PROBITY_AUDIT_KEY
          valueFrom:
            secretKeyRef:
              name: {{ $root.Values.audit.signingKey.secretName }}
              key: {{ $root.Values.audit.signingKey.key }}
        {{- end }}
        {{- if $root.Values.shards.count }}
        - name: PROBITY_SHARD_KEY
          valueFrom:
            secretKeyRef:
              name: {{ required "shards need a key: set shards.key.secretName" $root.Values.shards.key.secretName }}
              key: {{ $root.Values.shards.key.key }}
        {{- end }}
      securityContext:
        allowPrivilegeEscalation: false
        readOnlyRootFilesystem: true
        capabilities:
          drop: [ALL]
      resources:
        {{- toYaml $root.Values.resources | nindent 8 }}
      volumeMounts:
        - name: audit
          mountPath: /var/lib/probity
        {{- if $root.Values.scan.configuration }}
        - name: configuration
          mountPath: /etc/probity/configuration
          readOnly: true
        {{- end }}
  volumes:
    - name: audit
      persistentVolumeClaim:
        claimName: {{ include "probity.claimName" $root }}
    {{- if $root.Values.scan.configuration }}
    - name: configuration
      configMap:
        name: {{ include "probity.name" $root }}
    {{- end }}
  {{- with $root.Values.nodeSelector }}
  nodeSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $root.Values.affinity }}
  affinity:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $root.Values.tolerations }}
  tolerations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end -}}
