{{- define "topicten.fullname" -}}
{{- if .Values.fullnameOverride }}{{ .Values.fullnameOverride }}
{{- else if contains .Chart.Name .Release.Name }}{{ .Release.Name | trunc 53 | trimSuffix "-" }}
{{- else }}{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 53 | trimSuffix "-" }}{{ end }}
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
{{ include "topicten.otherLabels" . }}
{{- end }}

{{- define "topicten.otherLabels" -}}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "topicten.image" -}}
{{- $repository := required (include "topicten.noImage" .) .Values.image.repository -}}
{{- if .Values.image.digest }}{{ $repository }}@{{ .Values.image.digest }}{{ else }}{{ $repository }}:{{ default .Chart.AppVersion .Values.image.tag }}{{ end }}
{{- end }}

{{- define "topicten.noImage" -}}
image.repository is not set, and there is no public image: build it, push it to a registry of yours, and say where it is, with
--set image.repository=registry.example.com/platform/topicten or in a values file
{{- end }}

{{- /* What a schema can refuse, but not explain. */ -}}
{{- define "topicten.check" -}}
{{- with .Values.webhook }}
{{- if and .certManager.enabled .certSecret }}{{ fail (printf "webhook.certManager.enabled and webhook.certSecret (%q) both say where the certificate comes from: set one" .certSecret) }}{{ end }}
{{- if and .certSecret (not .caBundle) (not .annotations) }}{{ fail (printf "webhook.certSecret is %q, but nothing says whom the API server is to trust: set webhook.caBundle, or webhook.annotations for whoever injects it" .certSecret) }}{{ end }}
{{- if contains "-----BEGIN" .caBundle }}{{ fail "webhook.caBundle is PEM as it stands: encode it with base64 -w0" }}{{ end }}
{{- if and .url (not (hasPrefix "https://" .url)) }}{{ fail (printf "webhook.url is %q: the API server calls webhooks by https:// only" .url) }}{{ end }}
{{- end }}
{{- if and .Values.metrics.auth (not .Values.webhook.enabled) }}{{ fail "metrics.auth needs the TLS listener of the webhooks: set webhook.enabled, or leave metrics.auth false" }}{{ end }}
{{- with .Values.leaderElection }}
{{- if not (and (gt (float64 .leaseDurationSeconds) (float64 .renewDeadlineSeconds)) (gt (float64 .renewDeadlineSeconds) (float64 .retrySeconds))) }}{{ fail (printf "leaderElection: leaseDurationSeconds (%v) must be greater than renewDeadlineSeconds (%v), and that greater than retrySeconds (%v)" .leaseDurationSeconds .renewDeadlineSeconds .retrySeconds) }}{{ end }}
{{- end }}
{{- end }}

{{- /* Of what is cluster-wide: installs that each watch one namespace stand side by side. */ -}}
{{- define "topicten.webhookName" -}}
{{- include "topicten.fullname" . }}{{ with .Values.watchNamespace }}-{{ . }}{{ end }}
{{- end }}

{{- /* Of all installs, whatever their names. */ -}}
{{- define "topicten.installLease" -}}topicten-install{{- end }}

{{- /* The Secret the certificate is mounted from; empty: the operator makes its own and reads it by the API. */ -}}
{{- define "topicten.certSecret" -}}
{{- if .Values.webhook.certManager.enabled }}{{ include "topicten.fullname" . }}-webhook-files{{ else }}{{ .Values.webhook.certSecret }}{{ end }}
{{- end }}

{{- define "topicten.webhookAnnotations" -}}
{{- $annotations := .Values.webhook.annotations }}
{{- if .Values.webhook.certManager.enabled }}
{{- $annotations = merge (dict "cert-manager.io/inject-ca-from" (printf "%s/%s-webhook" .Release.Namespace (include "topicten.fullname" .))) $annotations }}
{{- end }}
{{- with $annotations }}
annotations: {{- toYaml . | nindent 2 }}
{{- end }}
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
{{- $selector := deepCopy .Values.webhook.namespaceSelector }}
{{- with .Values.watchNamespace }}
{{- $watched := dict "key" "kubernetes.io/metadata.name" "operator" "In" "values" (list .) }}
{{- $_ := set $selector "matchExpressions" (append (default (list) $selector.matchExpressions) $watched) }}
{{- end }}
{{- toYaml $selector }}
{{- end }}

{{- define "topicten.subjects" -}}
- kind: ServiceAccount
  name: {{ include "topicten.serviceAccountName" . }}
  namespace: {{ .Release.Namespace }}
{{- end }}
