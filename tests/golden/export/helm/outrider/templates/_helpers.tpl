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
# The logs of the containers of a node. The agent runs this file, and sends every record to the server besides what
# outputs in here do. Check a change before it is rolled out (only a node has /var/lib/outrider):
#   outrider agent -c router.conf --dry-run

[SERVICE]
    Parsers_File  parsers.conf
    # For the probes; nobody outside of the pod reaches it.
    HTTP_Server   On
    HTTP_Listen   127.0.0.1
    HTTP_Port     2020

[INPUT]
    Name                 tail
    Tag                  kube.*
    Path                 /var/log/containers/*.log
    # Not our own: an error in them would make the next one.
    Exclude_Path         /var/log/containers/*_{{ .Release.Namespace }}_outrider-*.log
    Path_Key             file
    # Each line shows whether Docker (json-file) or containerd and CRI-O wrote it. Pieces of long lines are joined.
    multiline.parser     docker, cri
    DB                   /var/lib/outrider/containers.db
    # Containers that were there before this pod, on a new node above all.
    Read_from_Head       On
    # A longer line is cut; without these two, its file would be followed no more.
    Buffer_Max_Size      1M
    Truncate_Long_Lines  On
    # The agent keeps up to 500 MB of it on the node's disk while the server is away; then the files wait.
    Mem_Buf_Limit        50M

# The kubelet has put all names into that of the file.
[FILTER]
    Name          parser
    Match         kube.*
    Key_Name      file
    Parser        container-file
    Reserve_Data  On

# Docker writes the line's end too; with containerd and CRI-O this matches nothing.
[FILTER]
    Name          parser
    Match         kube.*
    Key_Name      log
    Parser        line-end
    Reserve_Data  On

# The record has this time, and it is whole.
[FILTER]
    Name        record_modifier
    Match       kube.*
    Remove_Key  time
    Remove_Key  _p
{{- with .Values.router.extraConfig }}

{{ . | trim }}
{{- end }}
{{- end }}

{{- define "outrider.parsers" -}}
[PARSER]
    Name    container-file
    Format  regex
    Regex   ^.*/(?<pod>[^_/]+)_(?<namespace>[^_/]+)_(?<container_name>[^_/]+)-(?<container_id>[0-9a-f]{64})\.log$

[PARSER]
    Name               line-end
    Format             regex
    Regex              \A(?<log>.*)\n\z
    # An empty line is one, too.
    Skip_Empty_Values  Off
{{- end }}
