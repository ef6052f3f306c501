"""Options of the opentelemetry output."""

from __future__ import annotations

from dataclasses import dataclass

from outrider.pipeline.common.http_output import Compression
from outrider.pipeline.options import Count, Repeated, Secret, option, secret_option

_LOGS_ONLY = "accepted; logs only are sent"


@dataclass(frozen=True, kw_only=True)
class Options:
    """See the help of each field."""

    logs_uri: str = option("/v1/logs", "path for logs")
    header: Repeated = secret_option((), "NAME VALUE: a header of each request")
    http_user: str = option("", "user of basic authentication")
    http_passwd: Secret = secret_option("", "password of basic authentication")
    compress: Compression = option("none", "compression of the body")
    proxy: Secret = secret_option("", "http://host:port of an HTTP proxy; default: HTTP_PROXY of the environment")
    batch_size: Count = option(1000, "most records in a request")
    log_response_payload: bool = option(True, "tell the beginning of the answer's body when records are refused")
    logs_body_key: Repeated = option((), "$field that is the body; the first that is there; default: $log, $message")
    logs_body_key_attributes: bool = option(False, "the other fields become attributes where a body was found")
    logs_metadata_key: str = option("otlp", "key of the metadata that came by OTLP")
    logs_observed_timestamp_metadata_key: str = option("$ObservedTimestamp", "metadata: time of observation, in ns")
    logs_timestamp_metadata_key: str = option("$Timestamp", "metadata: time, in ns")
    logs_severity_text_metadata_key: str = option("$SeverityText", "metadata: severity")
    logs_severity_number_metadata_key: str = option("$SeverityNumber", "metadata: severity, 1 to 24")
    logs_trace_flags_metadata_key: str = option("$TraceFlags", "metadata: flags of the trace")
    logs_span_id_metadata_key: str = option("$SpanId", "metadata: span, 8 bytes or hexadecimal")
    logs_trace_id_metadata_key: str = option("$TraceId", "metadata: trace, 16 bytes or hexadecimal")
    logs_attributes_metadata_key: str = option("$Attributes", "metadata: a map of attributes")
    logs_instrumentation_scope_metadata_key: str = option("InstrumentationScope", "accepted; there is one scope")
    logs_resource_metadata_key: str = option("Resource", "accepted; there is one resource")
    logs_span_id_message_key: str = option("$SpanId", "field: span")
    logs_trace_id_message_key: str = option("$TraceId", "field: trace")
    logs_severity_text_message_key: str = option("$SeverityText", "field: severity")
    logs_severity_number_message_key: str = option("$SeverityNumber", "field: severity, 1 to 24")
    logs_max_resources: Count = option(0, "accepted; there is one resource")
    logs_max_scopes: Count = option(0, "accepted; there is one scope")
    http2: str = option("off", "not supported: requests go by HTTP/1.1")
    grpc: bool = option(False, "not supported: requests go by OTLP/HTTP")
    add_label: Repeated = option((), _LOGS_ONLY)
    metrics_uri: str = option("/v1/metrics", _LOGS_ONLY)
    traces_uri: str = option("/v1/traces", _LOGS_ONLY)
    profiles_uri: str = option("/v1development/profiles", _LOGS_ONLY)
    grpc_logs_uri: str = option("/opentelemetry.proto.collector.logs.v1.LogsService/Export", "accepted; see grpc")
    grpc_metrics_uri: str = option(
        "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export", "accepted; see grpc"
    )
    grpc_traces_uri: str = option("/opentelemetry.proto.collector.trace.v1.TraceService/Export", "accepted; see grpc")
    grpc_profiles_uri: str = option(
        "/opentelemetry.proto.collector.profiles.v1experimental.ProfilesService/Export", "accepted; see grpc"
    )
    aws_auth: bool = option(False, "sign requests with AWS Signature Version 4")
    aws_service: str = option("logs", "service that signatures are for")
    aws_region: str = option("", "region that signatures are for")
    aws_sts_endpoint: str = option("", "endpoint of STS for aws_role_arn")
    aws_role_arn: str = option("", "role to assume")
    aws_external_id: str = option("", "external id for aws_role_arn")
    aws_profile: str = option("", "profile of the AWS configuration files")
