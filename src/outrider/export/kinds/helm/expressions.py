"""What stands in the slots of the objects: the values of the chart, in Helm's language."""

from __future__ import annotations

from typing import Final

_SELECTOR: Final = """\
app.kubernetes.io/name: "{{ include "outrider.name" . }}"
app.kubernetes.io/instance: "{{ .Release.Name }}\""""

_MADE_BY: Final = """\
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: "{{ .Chart.Name }}-{{ .Chart.Version | replace "+" "_" }}\""""


def _given(value: str, key: str, depth: int) -> str:
    """``key`` with what is given for it, as YAML; nothing where it is empty. ``depth`` is the slot's."""
    return f"""\
{{{{- with .Values.{value} }}}}
{key}:
  {{{{- toYaml . | nindent {depth + 2} }}}}
{{{{- end }}}}"""


def _more(value: str, depth: int) -> str:
    """What is given, as YAML; nothing where it is empty."""
    return f"{{{{- with .Values.{value} }}}}\n{{{{- toYaml . | nindent {depth} }}}}\n{{{{- end }}}}"


SLOTS: Final = {
    "name": '{{ include "outrider.fullname" . }}',
    "namespace": "{{ .Release.Namespace }}",
    "labels": f"{_SELECTOR}\n{_MADE_BY}",
    "test_labels": f'app.kubernetes.io/name: "{{{{ include "outrider.name" . }}}}-test"\n{_MADE_BY}',
    "selector": _SELECTOR,
    "service_account": '{{ include "outrider.serviceAccount" . }}',
    "service_account_annotations": _given("serviceAccount.annotations", "annotations", 2),
    "router": '{{- include "outrider.router" . | nindent 4 }}',
    "parsers": '{{- include "outrider.parsers" . | nindent 4 }}',
    "checksum": '{{ print (include "outrider.router" .) (include "outrider.parsers" .) | sha256sum }}',
    "pod_annotations": _more("podAnnotations", 8),
    "update_strategy": """\
{{- $strategy := .Values.updateStrategy }}
{{- if eq $strategy.type "OnDelete" }}{{ $strategy = omit $strategy "rollingUpdate" }}{{ end }}
{{- toYaml $strategy | nindent 4 }}""",
    "pull_secrets": _given("imagePullSecrets", "imagePullSecrets", 2),
    "scheduling": "\n".join(
        [
            _given("imagePullSecrets", "imagePullSecrets", 6),
            "{{- with .Values.priorityClassName }}\npriorityClassName: {{ . | quote }}\n{{- end }}",
            *(_given(name, name, 6) for name in ("nodeSelector", "affinity", "tolerations")),
        ]
    ),
    "selinux": _given("seLinuxOptions", "seLinuxOptions", 8),
    "image": '{{ include "outrider.image" . }}',
    "pull_policy": "{{ .Values.image.pullPolicy }}",
    "resources": "{{- toYaml .Values.resources | nindent 12 }}",
    "server": '{{ include "outrider.server" . }}',
    "secret": '{{ include "outrider.secret" . }}',
    "secret_key": '{{ include "outrider.secretKey" . }}',
    "extra_env": _more("extraEnv", 12),
    "state": '{{ .Values.mounts.state | default (printf "/var/lib/%s" (include "outrider.fullname" .)) }}',
    "docker_folder": "{{ .Values.mounts.dockerContainers }}",
    "server_port": '{{ include "outrider.serverPort" . }}',
    "server_peer": """\
{{- with .Values.networkPolicy.serverCIDR }}
to:
  - ipBlock:
      cidr: {{ . | quote }}
{{- end }}""",
    "extra_egress": _more("networkPolicy.extraEgress", 4),
}
"""By slot. A block's depth is that of its slot in the text of the object."""

_CONDITIONS: Final = {"serviceaccount": "serviceAccount.create", "networkpolicy": "networkPolicy.enabled"}


def under(name: str, template: str) -> str:
    """The template of an object, under the value that switches it, if there is one."""
    if name not in _CONDITIONS:
        return template
    return f"{{{{- if .Values.{_CONDITIONS[name]} }}}}\n{template}{{{{- end }}}}\n"
