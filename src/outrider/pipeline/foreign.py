"""Plugins that Fluent Bit 5.1.1 has and that are not built in: a configuration that names one is no typing mistake.

Source: Fluent Bit 5.1.1, ``cmake/plugins_options.cmake``.
"""

from __future__ import annotations

from typing import Final

NAMES: Final = {
    "input": (
        "blob calyptia_fleet collectd cpu disk docker docker_events ebpf elasticsearch emitter etw event_test"
        " event_type exec_wasi fluentbit_metrics gpu_metrics kafka kmsg kubernetes_events mem mqtt netif nginx_metrics"
        " node_exporter_metrics opentelemetry podman_metrics proc process_exporter_metrics prometheus_remote_write"
        " prometheus_scrape prometheus_textfile serial splunk statsd storage_backlog stream_processor systemd thermal"
        " windows_exporter_metrics winevtlog winlog winstat"
    ),
    "filter": "alter_size checklist geoip2 kubernetes lookup lua nightfall sysinfo tensorflow wasm",
    "processor": "cumulative_to_delta labels metrics_selector opentelemetry_envelope sampling sql tda",
    "output": (
        "azure azure_blob azure_kusto azure_logs_ingestion bigquery calyptia chronicle exit gelf influxdb kafka-rest"
        " lib logdna nats oracle_log_analytics pgsql plot prometheus_remote_write retry skywalking slack stackdriver td"
        " udp vivo_exporter websocket"
    ),
}
"""Kind to names."""
_REMEDIES: Final = {
    ("filter", "kubernetes"): "the fields of ECS come from the filter 'ecs'",
    ("output", "gelf"): "Graylog's HTTP input takes 'Name http' with 'format gelf'",
    ("output", "newrelic"): "write 'Name nrlogs'",
    ("output", "websocket"): "use 'Name http'",
}
_ELSE: Final = "run Fluent Bit itself in the router's place, or remove the section; see docs/compatibility.md"


def remedy(kind: str, name: str) -> str:
    """What to do in the place of a plugin that is Fluent Bit's; nothing for a name that means nothing."""
    if (kind, name) in _REMEDIES:
        return _REMEDIES[kind, name]
    kinds = ("processor", "filter") if kind == "processor" else (kind,)
    return _ELSE if any(name in NAMES[each].split() for each in kinds) else ""
