"""Options of the kafka output. Those of librdkafka are the ones that have a meaning here; others are refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from outrider.pipeline.options import CommaList, Count, Secret, option, secret_option

_AVRO = "accepted; for format avro, which is not supported"
_NO_QUEUE = "accepted; batches are sent at once"


@dataclass(frozen=True, kw_only=True)
class Options:
    """See the help of each field."""

    brokers: CommaList = option((), "host:port, with commas between")
    topics: CommaList = option(("fluent-bit",), "topics; the first is for records that name none")
    topic_key: str = option("", "field that names the topic, one of topics")
    dynamic_topic: bool = option(False, "topic_key may name any topic")
    format: Literal["json", "msgpack", "gelf", "raw"] = option("json", "form of the messages")
    message_key: str = option("", "key of every message")
    message_key_field: str = option("", "field that holds the key")
    timestamp_key: str = option("@timestamp", "key of the time in JSON and msgpack")
    timestamp_format: Literal["double", "iso8601", "iso8601_ns"] = option("double", "form of the time")
    raw_log_key: str = option("", "field that is the message, for format raw")
    client_id: str = option("", "name that the brokers log")
    group_id: str = option("", "accepted; for consumers")
    queue_full_retries: Count = option(10, "accepted; a full queue is waited for")
    gelf_timestamp_key: str = option("", "field that holds the time in GELF")
    gelf_host_key: str = option("", "field that holds the host in GELF")
    gelf_short_message_key: str = option("", "field that holds the short message in GELF")
    gelf_full_message_key: str = option("", "field that holds the full message in GELF")
    gelf_level_key: str = option("", "field that holds the level in GELF")
    aws_msk_iam: bool = option(False, "not supported: use SASL/SCRAM or TLS certificates")
    aws_msk_iam_cluster_arn: str = option("", "not supported: use SASL/SCRAM or TLS certificates")
    otlp_logs_partition_by_resource: bool = option(False, "accepted; for OTLP formats, which are not supported")
    schema_str: str = option("", _AVRO)
    schema_id: str = option("", _AVRO)
    schema_registry_url: str = option("", _AVRO, aliases=("schema.registry.url",))
    schema_registry_subject: str = option("", _AVRO, aliases=("schema.registry.subject",))
    schema_registry_version: str = option("latest", _AVRO, aliases=("schema.registry.version",))
    schema_registry_http_user: str = option("", _AVRO, aliases=("schema.registry.http.user",))
    schema_registry_http_passwd: Secret = secret_option("", _AVRO)
    schema_registry_http_password: Secret = secret_option("", _AVRO, name="schema.registry.http.password")
    schema_registry_bearer_token: Secret = secret_option("", _AVRO)
    schema_registry_bearer: Secret = secret_option("", _AVRO, name="schema.registry.bearer.token")
    schema_registry_framing: str = option("cp1", _AVRO, aliases=("serializer.framing",))
    acks: Literal["all", "-1", "0", "1"] = option(
        "all", "who must have a message", name="rdkafka.request.required.acks", aliases=("rdkafka.acks",)
    )
    compression: Literal["none", "gzip", "snappy", "lz4", "zstd"] = option(
        "none", "compression", name="rdkafka.compression.codec", aliases=("rdkafka.compression.type",)
    )
    message_max_bytes: Count = option(1_000_000, "most bytes in a batch", name="rdkafka.message.max.bytes")
    request_timeout_ms: Count = option(
        40_000,
        "give up a batch after so many milliseconds",
        name="rdkafka.request.timeout.ms",
        aliases=("rdkafka.message.timeout.ms", "rdkafka.delivery.timeout.ms"),
    )
    retry_backoff_ms: Count = option(100, "wait between tries", name="rdkafka.retry.backoff.ms")
    metadata_max_age_ms: Count = option(300_000, "ask for metadata so often", name="rdkafka.metadata.max.age.ms")
    idempotence: bool = option(False, "brokers leave out what comes twice", name="rdkafka.enable.idempotence")
    security_protocol: Literal["plaintext", "ssl", "sasl_plaintext", "sasl_ssl"] = option(
        "plaintext", "how to speak to brokers", name="rdkafka.security.protocol"
    )
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = option(
        "PLAIN", "SASL mechanism", name="rdkafka.sasl.mechanism", aliases=("rdkafka.sasl.mechanisms",)
    )
    sasl_username: str = option("", "SASL user", name="rdkafka.sasl.username")
    sasl_password: Secret = secret_option("", "SASL password", name="rdkafka.sasl.password")
    ssl_ca: str = option("", "file of CA certificates", name="rdkafka.ssl.ca.location")
    ssl_certificate: str = option("", "own certificate (PEM)", name="rdkafka.ssl.certificate.location")
    ssl_key: str = option("", "own private key (PEM)", name="rdkafka.ssl.key.location")
    ssl_key_password: Secret = secret_option("", "password of the private key", name="rdkafka.ssl.key.password")
    ssl_verify: bool = option(
        True, "check the brokers' certificates", name="rdkafka.enable.ssl.certificate.verification"
    )
    ssl_names: Literal["https", "none"] = option(
        "https", "whether certificates must name the broker", name="rdkafka.ssl.endpoint.identification.algorithm"
    )
    rdkafka_client_id: str = option("", "as client_id", name="rdkafka.client.id")
    rdkafka_log_level: str = option("", "accepted; see log_level", name="rdkafka.log_level")
    rdkafka_debug: str = option("", "accepted; see log_level", name="rdkafka.debug")
    rdkafka_linger: str = option("", _NO_QUEUE, name="rdkafka.linger.ms", aliases=("rdkafka.queue.buffering.max.ms",))
    rdkafka_queue_messages: str = option("", _NO_QUEUE, name="rdkafka.queue.buffering.max.messages")
    rdkafka_queue_kbytes: str = option("", _NO_QUEUE, name="rdkafka.queue.buffering.max.kbytes")
    rdkafka_batch_messages: str = option("", _NO_QUEUE, name="rdkafka.batch.num.messages")
    rdkafka_batch_size: str = option("", _NO_QUEUE, name="rdkafka.batch.size")
    rdkafka_retries: str = option(
        "",
        "accepted; tries go on until the time is over",
        name="rdkafka.retries",
        aliases=("rdkafka.message.send.max.retries",),
    )
    rdkafka_keepalive: str = option("", "accepted; see net.tcp_keepalive", name="rdkafka.socket.keepalive.enable")
    rdkafka_version: str = option(
        "",
        "accepted; brokers are asked",
        name="rdkafka.api.version.request",
        aliases=("rdkafka.broker.version.fallback",),
    )
