{{- define "topicten.fullname" -}}
{{- if contains .Chart.Name .Release.Name }}{{ .Release.Name | trunc 63 | trimSuffix "-" }}{{ else }}{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 63 | trimSuffix "-" }}{{ end }}
{{- end }}

{{- define "topicten.serviceAccountName" -}}
{{- if .Values.serviceAccount.create }}{{ default (include "topicten.fullname" .) .Values.serviceAccount.name }}{{ else }}{{ required "serviceAccount.name must name an existing ServiceAccount when serviceAccount.create is false" .Values.serviceAccount.name }}{{ end }}
{{- end }}

{{- define "topicten.selectorLabels" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "topicten.labels" -}}
{{ include "topicten.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{- define "topicten.image" -}}
{{- $repository := required "image.repository must name where the operator's image is: build it with the Dockerfile and push it to your registry" .Values.image.repository -}}
{{- if .Values.image.digest }}{{ $repository }}@{{ .Values.image.digest }}{{ else }}{{ $repository }}:{{ default .Chart.AppVersion .Values.image.tag }}{{ end }}
{{- end }}

{{- /* The webhook configurations are cluster-wide: installs that each watch one namespace stand side by side. */ -}}
{{- define "topicten.webhookName" -}}
{{- include "topicten.fullname" . }}{{ with .Values.watchNamespace }}-{{ . }}{{ end }}
{{- end }}

{{- define "topicten.clientConfig" -}}
{{- $root := index . 0 }}{{ $path := index . 1 -}}
{{- if $root.Values.webhook.url -}}
url: {{ $root.Values.webhook.url }}{{ $path }}
{{- else -}}
service:
  name: {{ include "topicten.fullname" $root }}
  namespace: {{ $root.Release.Namespace }}
  path: {{ $path }}
  port: 443
{{- end }}
{{- with $root.Values.webhook.caBundle }}
caBundle: {{ . }}
{{- end }}
{{- end }}

{{- /* The host of the url must be in the certificate. */ -}}
{{- define "topicten.extraNames" -}}
{{- $names := .Values.webhook.extraNames }}
{{- with .Values.webhook.url }}{{ $names = append $names (get (urlParse .) "hostname" | trimPrefix "[" | trimSuffix "]") }}{{ end }}
{{- join "," $names }}
{{- end }}

{{- define "topicten.namespaceSelector" -}}
matchExpressions:
  - {key: kubernetes.io/metadata.name, operator: NotIn, values: [kube-system]}
  {{- with .Values.watchNamespace }}
  - {key: kubernetes.io/metadata.name, operator: In, values: [{{ . }}]}
  {{- end }}
{{- end }}
