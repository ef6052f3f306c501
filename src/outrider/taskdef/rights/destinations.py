"""The rights that each output to AWS needs.

Sources: the plugins of this package and of Fluent Bit 5.1.1; the READMEs of AWS's Go plugins; AWS's service
authorization reference.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from msgspec import Struct

from outrider.taskdef.rights.need import TASK, Need, Reason, Rights
from outrider.taskdef.rights.output import Output, beginning, is_open, name, template
from outrider.taskdef.rights.patterns import narrowed
from outrider.taskdef.rights.scope import Scope

_DOMAIN: Final = re.compile(r"(?:search|vpc)-(.+)-[a-z0-9]+\.([a-z0-9-]+)\.es\.(?:amazonaws\.com(?:\.cn)?|.+)")
_COLLECTION: Final = re.compile(r"([a-z0-9]+)\.([a-z0-9-]+)\.aoss\.(?:amazonaws\.com(?:\.cn)?|.+)")
_GO_FIELD: Final = re.compile(r"\$\(([^)]*)\)")
_ALWAYS_THERE: Final = {"tag", "uuid", "ecs_cluster", "ecs_task_arn", "ecs_task_id"}
"""Fields that the Go plugin knows without the record."""
_WORKSPACE: Final = re.compile(r"/workspaces/(ws-[\w-]+)/")


class Destination(Struct):
    """One output, and who writes there: ``role`` is the task role or one that the router assumes."""

    output: Output
    scope: Scope
    role: str
    rights: Rights

    def need(self, purpose: str, actions: str, resource: str, key: str) -> None:
        """Add a need: actions with blanks between them, and the option that asks for them."""
        need = Need(self.role, purpose, tuple(actions.split()), resource, self.output.reason(key))
        self.rights.needs.append(need)

    def note(self, text: str, key: str) -> None:
        """Add a note about an option."""
        reason = self.output.reason(key)
        self.rights.note(f"{reason.text}: {text}", reason.where)

    def named(self, key: str) -> str:
        """The name that an option gives; ``*`` with a note where it gives none."""
        text = self.output.text(key)
        if not text:
            self.note(f"{key} is not set, so the policy allows any name", key)
            return "*"
        return self.open_name(text, key, name)

    def open_name(self, text: str, key: str, convert: Callable[[str], str]) -> str:
        """A text as a policy has it; with a note where a variable is not known."""
        if is_open(text):
            self.note(f"'{text}' has a value that is not in the task definition; the policy allows any", key)
        return convert(text)

    def region(self, key: str = "region") -> str:
        """The region that an option names; empty where it names none that is known."""
        text = self.output.text(key)
        return "" if is_open(text) else text


def _cloudwatch_logs(to: Destination) -> None:
    groups = [to.named("log_group_name")]
    if text := to.output.text("log_group_template"):
        groups.append(to.open_name(text, "log_group_template", template))
    key, streams = _streams(to)
    if text := to.output.text("log_stream_template"):
        key, streams = "log_stream_template", [to.open_name(text, "log_stream_template", template), *streams]
    for group in groups:
        _log_group(to, group)
        _write_streams(to, group, key, streams)


def _cloudwatch(to: Destination) -> None:
    """The Go plugin: it looks streams up, and falls back to default names where a record lacks a field."""
    groups = {"log_group_name": to.named("log_group_name")}
    key, streams = _streams(to)
    if _may_lack(to.output.text("log_group_name")):
        groups["default_log_group_name"] = to.named("default_log_group_name")
    if _may_lack(to.output.text("log_stream_name")):
        streams = [*streams, to.named("default_log_stream_name")]
    for group_key, group in groups.items():
        _log_group(to, group)
        to.need("DescribeLogStreams", "logs:DescribeLogStreams", _log_arn(to, group), group_key)
        _write_streams(to, group, key, streams)


def _may_lack(text: str) -> bool:
    """Whether a record may lack a field of a name."""
    return bool(set(_GO_FIELD.findall(text)) - _ALWAYS_THERE)


def _streams(to: Destination) -> tuple[str, list[str]]:
    """The option that names streams, and what it says."""
    if to.output.text("log_stream_name"):
        return "log_stream_name", [to.named("log_stream_name")]
    if to.output.text("log_stream_prefix"):
        return "log_stream_prefix", [name(to.named("log_stream_prefix") + "*")]
    return "log_group_name", ["*"]


def _log_arn(to: Destination, group: str, rest: str = "*") -> str:
    return to.scope.arn("logs", f"log-group:{group}:{rest}", to.region())


def _log_group(to: Destination, group: str) -> None:
    """Making a group, its retention and its tags."""
    if not to.output.switched_on("auto_create_group"):
        return
    to.need("CreateLogGroups", "logs:CreateLogGroup", _log_arn(to, group), "auto_create_group")
    if to.output.text("log_retention_days") not in ("", "0"):
        to.need("SetLogRetention", "logs:PutRetentionPolicy", _log_arn(to, group), "log_retention_days")
    if to.output.text("new_log_group_tags"):
        resource = to.scope.arn("logs", f"log-group:{group}", to.region())
        to.need("TagLogGroups", "logs:TagResource", resource, "new_log_group_tags")


def _write_streams(to: Destination, group: str, key: str, streams: list[str]) -> None:
    """Making streams, unless the Go plugin is told not to, and writing to them."""
    for stream in narrowed(streams):
        resource = _log_arn(to, group, f"log-stream:{stream}")
        if to.output.plugin == "cloudwatch" and not to.output.switched_on("auto_create_stream"):
            to.need("PutLogEvents", "logs:PutLogEvents", resource, key)
        else:
            to.need("WriteLogStreams", "logs:CreateLogStream logs:PutLogEvents", resource, key)


def _s3(to: Destination) -> None:
    bucket = to.named("bucket")
    keys = to.open_name(to.output.text("s3_key_format").removeprefix("/"), "s3_key_format", beginning)
    keys = keys if keys.endswith("*") else f"{keys}*"  # a name without $UUID gets an end of its own
    region = to.region() if to.output.has("region") else ""
    resource = to.scope.without_region("s3", f"{bucket}/{keys}", region)
    to.need("PutObjects", "s3:PutObject", resource, "bucket")
    if to.output.text("canned_acl"):
        to.need("SetObjectAcls", "s3:PutObjectAcl", resource, "canned_acl")
    to.note("if the bucket has a KMS key of yours, add kms:GenerateDataKey and kms:Decrypt on that key", "bucket")


def _firehose(to: Destination) -> None:
    stream = to.scope.arn("firehose", f"deliverystream/{to.named('delivery_stream')}", to.region())
    to.need("PutFirehoseRecords", "firehose:PutRecordBatch", stream, "delivery_stream")


def _kinesis(to: Destination) -> None:
    stream = to.scope.arn("kinesis", f"stream/{to.named('stream')}", to.region())
    to.need("PutKinesisRecords", "kinesis:PutRecords", stream, "stream")


def _opensearch(to: Destination) -> None:
    if to.output.text("aws_service_name") == "aoss":
        collection, region = _from_host(to, _COLLECTION, "collection's id")
        to.need(
            "WriteToCollections", "aoss:APIAccessAll", to.scope.arn("aoss", f"collection/{collection}", region), "host"
        )
        also = "the collection's data access policy must allow the role aoss:CreateIndex, UpdateIndex and WriteDocument"
    else:
        domain, region = _from_host(to, _DOMAIN, "domain's name")
        to.need("WriteToDomains", "es:ESHttpPost", to.scope.arn("es", f"domain/{domain}/*", region), "host")
        also = "the domain's access policy, or its fine-grained access control, must allow the role too"
    to.note(also, "host")


def _from_host(to: Destination, form: re.Pattern[str], what: str) -> tuple[str, str]:
    """What a host's name tells of a resource, and its region."""
    host = to.output.text("host")
    found = form.fullmatch(host)
    if found is None:
        to.note(f"'{host}' does not tell the {what}, so the policy allows any", "host")
        return "*", to.region("aws_region")
    return found[1], to.region("aws_region") or found[2]


def _signed(to: Destination) -> None:
    """HTTP that is signed for a service of which nothing is known here."""
    service = to.output.text("aws_service") or "a service that is not named"
    to.note(f"requests are signed for {service}, whose rights are not known here: add them", "aws_auth")


def _prometheus(to: Destination) -> None:
    found = _WORKSPACE.search(to.output.text("uri"))
    resource = to.scope.arn("aps", f"workspace/{found[1] if found else '*'}", to.region("aws_region"))
    to.need("WriteMetrics", "aps:RemoteWrite", resource, "uri")


def _kafka(to: Destination) -> None:
    cluster = to.named("aws_msk_iam_cluster_arn")
    to.need("ConnectToKafka", "kafka-cluster:Connect", cluster, "aws_msk_iam_cluster_arn")
    for topic in to.output.text("topics").split(","):
        resource = f"{cluster.replace(':cluster/', ':topic/', 1)}/{name(topic.strip() or '*')}"
        to.need("WriteToTopics", "kafka-cluster:DescribeTopic kafka-cluster:WriteData", resource, "topics")


DESTINATIONS: Final[dict[str, Callable[[Destination], None]]] = {
    "cloudwatch": _cloudwatch,
    "cloudwatch_logs": _cloudwatch_logs,
    "es": _opensearch,
    "firehose": _firehose,
    "http": _signed,
    "kafka": _kafka,
    "kinesis": _kinesis,
    "kinesis_firehose": _firehose,
    "kinesis_streams": _kinesis,
    "opensearch": _opensearch,
    "opentelemetry": _signed,
    "prometheus_remote_write": _prometheus,
    "s3": _s3,
}

_SWITCHES: Final = {"kafka": "aws_msk_iam"} | dict.fromkeys(
    ("es", "http", "opensearch", "opentelemetry", "prometheus_remote_write"), "aws_auth"
)
"""Without these options they have nothing to do with AWS."""


def add_output(rights: Rights, output: Output, scope: Scope) -> None:
    """Add what one output needs: of the task role, or of that role to assume another, and of the other role."""
    ask = DESTINATIONS.get(output.plugin)
    if ask is None or (output.plugin in _SWITCHES and not output.switched_on(_SWITCHES[output.plugin])):
        return
    prefix = "" if output.has("role_arn") else "aws_"
    role = output.text(f"{prefix}role_arn")
    for key in ("profile", "aws_profile"):
        if output.has(key):
            text = "keys come from a profile, so the policies here are for whom it names"
            rights.note(f"{output.reason(key).text}: {text}", output.reason(key).where)
    if not role:
        ask(Destination(output, scope, TASK, rights))
        return
    _assume(rights, output, name(role), prefix)
    ask(Destination(output, scope.of_role(role), name(role), rights))


def _assume(rights: Rights, output: Output, role: str, prefix: str) -> None:
    external = output.text(f"{prefix}external_id")
    known = bool(external) and not is_open(external)
    condition = (("StringEquals", "sts:ExternalId", external),) if known else ()
    reason: Reason = output.reason(f"{prefix}role_arn")
    rights.needs.append(Need(TASK, "AssumeRoles", ("sts:AssumeRole",), role, reason, condition))
    also = ", with the external id" if external else ""
    rights.note(f"{reason.text}: the trust policy of {role} must allow the task role to assume it{also}", reason.where)
