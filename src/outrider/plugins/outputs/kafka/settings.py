"""The options as those of aiokafka's producer."""

from __future__ import annotations

import dataclasses
from typing import Any

from outrider.model.errors import UserError
from outrider.net.tls import client_context
from outrider.pipeline.options import OutputCore
from outrider.plugins.outputs.kafka.config import Options


def producer_settings(options: Options, core: OutputCore) -> dict[str, Any]:
    """Arguments of AIOKafkaProducer. Raises UserError for what cannot work."""
    if options.aws_msk_iam or options.aws_msk_iam_cluster_arn:
        raise UserError("kafka: aws_msk_iam is not supported", fix="use SASL/SCRAM or TLS certificates")
    host = f"[{core.host}]" if ":" in core.host else core.host
    brokers = options.brokers or ((f"{host}:{core.port or 9092}",) if host else ())
    if not brokers:
        raise UserError("kafka needs brokers", fix="add: brokers host:9092")
    for broker in brokers:
        host, colon, port = broker.rpartition(":")
        if colon and not (host and port.isascii() and port.isdigit()):
            raise UserError(f"broker '{broker}' is not host:port")
    if not options.topics:
        raise UserError("kafka needs topics")
    if options.format == "raw" and not options.raw_log_key:
        raise UserError("format raw needs raw_log_key")
    protocol = options.security_protocol.upper()
    if core.tls and not protocol.endswith("SSL"):
        protocol = "SASL_SSL" if protocol.startswith("SASL") else "SSL"
    settings: dict[str, Any] = {
        "bootstrap_servers": list(brokers),
        "client_id": options.client_id or options.rdkafka_client_id or "outrider",
        "acks": "all" if options.acks in ("all", "-1") else int(options.acks),
        "compression_type": None if options.compression == "none" else options.compression,
        "max_batch_size": max(options.message_max_bytes, 1000),
        "request_timeout_ms": max(options.request_timeout_ms, 1),
        "retry_backoff_ms": options.retry_backoff_ms,
        "metadata_max_age_ms": max(options.metadata_max_age_ms, 1000),
        "enable_idempotence": options.idempotence,
        "security_protocol": protocol,
    }
    if options.idempotence and settings["acks"] != "all":
        raise UserError("rdkafka.enable.idempotence needs rdkafka.acks all")
    if protocol.endswith("SSL"):
        settings["ssl_context"] = client_context(
            dataclasses.replace(
                core,
                tls_ca_file=options.ssl_ca or core.tls_ca_file,
                tls_crt_file=options.ssl_certificate or core.tls_crt_file,
                tls_key_file=options.ssl_key or core.tls_key_file,
                tls_key_passwd=options.ssl_key_password or core.tls_key_passwd,
                tls_verify=options.ssl_verify and core.tls_verify,
                tls_verify_hostname=options.ssl_names == "https" and core.tls_verify_hostname,
            )
        )
    if protocol.startswith("SASL"):
        if not options.sasl_username:
            raise UserError(f"rdkafka.security.protocol {options.security_protocol} needs rdkafka.sasl.username")
        settings["sasl_mechanism"] = options.sasl_mechanism
        settings["sasl_plain_username"] = options.sasl_username
        settings["sasl_plain_password"] = options.sasl_password
    return settings
