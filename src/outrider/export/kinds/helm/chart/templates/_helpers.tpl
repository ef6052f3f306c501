{{/* The name of the application. */}}
{{- define "outrider.name" -}}
{{- .Values.nameOverride | default .Chart.Name | trunc 63 | trimSuffix "-" -}}
{{- end }}

{{/* What the release's objects are called. */}}
{{- define "outrider.fullname" -}}
{{- $name := .Values.nameOverride | default .Chart.Name -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" -}}
{{- else if contains $name .Release.Name -}}
{{- .Release.Name | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- end }}

{{- define "outrider.serviceAccount" -}}
{{- $own := .Values.serviceAccount.create | ternary (include "outrider.fullname" .) "default" -}}
{{- .Values.serviceAccount.name | default $own -}}
{{- end }}

{{- define "outrider.image" -}}
{{- with .Values.image -}}
{{ .repository }}{{ if .digest }}@{{ .digest }}{{ else }}:{{ .tag | default $.Chart.AppVersion }}{{ end }}
{{- end -}}
{{- end }}

{{/* The Secret with the join token, and the key in it. */}}
{{- define "outrider.secret" -}}
{{- if and .Values.registration_key .Values.existingSecret -}}
{{- fail "registration_key and existingSecret are both set: leave one of them out" -}}
{{- end -}}
{{- .Values.existingSecret | default (printf "%s-token" (include "outrider.fullname" .)) -}}
{{- end }}

{{- define "outrider.secretKey" -}}
{{- if .Values.registration_key }}token{{ else }}{{ .Values.existingSecretKey }}{{ end -}}
{{- end }}

{{- define "outrider.server" -}}
{{- if .Values.agent_config -}}
{{- fail "agent_config belongs to the Alert Logic agent: set server in its place" -}}
{{- end -}}
{{- .Values.server | trimSuffix "/" -}}
{{- end }}

{{- define "outrider.serverPort" -}}
{{- regexFind ":[0-9]+$" (include "outrider.server" .) | trimPrefix ":" | default "443" -}}
{{- end }}

{{- define "outrider.router" -}}
@router@
{{- with .Values.router.extraConfig }}

{{ . | trim }}
{{- end }}
{{- end }}

{{- define "outrider.parsers" -}}
@parsers@
{{- end }}
