{{- define "netmedic.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 52 | trimSuffix "-" -}}
{{- end -}}

{{- define "netmedic.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 52 | trimSuffix "-" -}}
{{- else if contains (include "netmedic.name" .) .Release.Name -}}
{{- .Release.Name | trunc 52 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "netmedic.name" .) | trunc 52 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "netmedic.selector" -}}
app.kubernetes.io/name: {{ include "netmedic.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "netmedic.labels" -}}
{{ include "netmedic.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "netmedic.image" -}}
{{- with .Values.image -}}
{{- if .digest -}}
{{ .repository }}@{{ .digest }}
{{- else -}}
{{ .repository }}:{{ default $.Chart.AppVersion .tag }}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "netmedic.helperImage" -}}
{{- default (include "netmedic.image" .) .Values.helper.image -}}
{{- end -}}

{{- define "netmedic.helperNamespace" -}}
{{- default (printf "%s-helper" .Release.Namespace) .Values.helper.namespace -}}
{{- end -}}

{{/* The settings key of the helper Pods, as one label selector. */}}
{{- define "netmedic.helperSelector" -}}
app.kubernetes.io/name={{ include "netmedic.name" . }},app.kubernetes.io/instance={{ .Release.Name }},app.kubernetes.io/component=helper
{{- end -}}

{{- define "netmedic.writer" -}}
{{ include "netmedic.fullname" . }}-writer
{{- end -}}

{{/* Of objects that belong to no namespace. */}}
{{- define "netmedic.clusterName" -}}
{{ .Release.Namespace }}-{{ include "netmedic.fullname" . }}
{{- end -}}

{{/* The ClusterRole and the Role that `netmedic playbooks role` prints. */}}
{{- define "netmedic.writerRoles" -}}
{{- $documents := splitList "\n---\n" (.Files.Get "files/writer-roles.yaml") -}}
{{- dict "everywhere" (index $documents 0 | fromYaml).rules "helperNamespace" (index $documents 1 | fromYaml).rules | toJson -}}
{{- end -}}

{{/* SQLite is one file on one volume: one replica, and never two at once. */}}
{{- define "netmedic.sqlite" -}}
{{- if not .Values.database.existingSecret -}}true{{- end -}}
{{- end -}}

{{- define "netmedic.claim" -}}
{{- default (include "netmedic.fullname" .) .Values.database.persistence.existingClaim -}}
{{- end -}}

{{/* What has the bot's port reached from outside its Pod. */}}
{{- define "netmedic.listens" -}}
{{- if or (eq .Values.slack.mode "http") .Values.alerts.existingSecret -}}true{{- end -}}
{{- end -}}

{{- define "netmedic.settings" -}}
{{- $slack := merge (dict "mode" .Values.slack.mode "http_port" 3000) (default (dict) .Values.settings.slack) -}}
{{- $own := dict "helper_namespace" (include "netmedic.helperNamespace" .) "helper_labels" (include "netmedic.helperSelector" .) "helper_tier" (int .Values.helper.tier) "slack" $slack -}}
{{- if eq .Values.helper.mode "on-demand" -}}
{{- $own = merge $own (dict "helper_mode" "on-demand" "helper_image" (include "netmedic.helperImage" .)) -}}
{{- end -}}
{{- if .Values.rbac.writer -}}
{{- $own = merge $own (dict "writer_account" (printf "%s/%s" .Release.Namespace (include "netmedic.writer" .))) -}}
{{- end -}}
{{- if .Values.alerts.channel -}}
{{- $own = merge $own (dict "alerts" (merge (dict "channel" .Values.alerts.channel) (default (dict) .Values.settings.alerts))) -}}
{{- end -}}
{{- if .Values.rules.configMaps -}}
{{- $folders := list -}}{{- range .Values.rules.configMaps -}}{{- $folders = append $folders (printf "/etc/netmedic/rules/%s" .) -}}{{- end -}}
{{- $own = merge $own (dict "rules_dirs" $folders) -}}
{{- end -}}
{{- if .Values.playbooks.configMaps -}}
{{- $folders := list -}}{{- range .Values.playbooks.configMaps -}}{{- $folders = append $folders (printf "/etc/netmedic/playbooks/%s" .) -}}{{- end -}}
{{- $own = merge $own (dict "playbooks_dirs" $folders) -}}
{{- end -}}
{{- toYaml (merge $own .Values.settings) -}}
{{- end -}}

{{/* The restricted Pod Security Standard, and a root file system that cannot be written to. */}}
{{- define "netmedic.podSecurity" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{- define "netmedic.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end -}}
