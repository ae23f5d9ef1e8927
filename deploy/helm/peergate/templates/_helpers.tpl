{{- define "peergate.fullname" -}}
{{- if contains .Chart.Name .Release.Name -}}
{{- .Release.Name | trunc 52 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 52 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "peergate.selector" -}}
app.kubernetes.io/name: peergate
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "peergate.metadata" -}}
name: {{ include "peergate.fullname" . }}
namespace: {{ .Release.Namespace }}
labels:
  {{- include "peergate.labels" . | nindent 2 }}
{{- end -}}

{{- define "peergate.labels" -}}
{{ include "peergate.selector" . }}
app.kubernetes.io/part-of: peergate
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end -}}

{{- define "peergate.image" -}}
{{- $repository := required "image.repository is required: your registry's path to the image" .Values.image.repository -}}
{{- if .Values.image.digest -}}
{{ $repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ $repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}
{{- end -}}

{{- define "peergate.policyConfigMap" -}}
{{- .Values.policy.existingConfigMap | default (printf "%s-policy" (include "peergate.fullname" .)) -}}
{{- end -}}

{{- define "peergate.kind" -}}
{{- ternary "StatefulSet" "Deployment" .Values.audit.file.enabled -}}
{{- end -}}
