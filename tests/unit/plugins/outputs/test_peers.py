"""Every output says what it connects to."""

from __future__ import annotations

from pathlib import Path

import pytest

from outrider.net.files import ConfigurationFiles
from outrider.pipeline import registry
from outrider.pipeline.config import build
from outrider.pipeline.config.configuration import from_file
from outrider.pipeline.log import Log, Sink

CASES = {
    "cloudwatch": ("region eu-west-1|log_group_name g|log_stream_name s", ["logs.eu-west-1.amazonaws.com:443 tls"]),
    "cloudwatch_logs": (
        "region eu-west-1|log_group_name g|log_stream_name s|endpoint http://localhost:5000",
        ["localhost:5000"],
    ),
    "counter": ("", []),
    "datadog": ("apikey k|tls on", ["http-intake.logs.datadoghq.com:443 tls"]),
    "es": ("host search", ["search:9200"]),
    "file": ("path /tmp", []),
    "firehose": ("region us-east-1|delivery_stream d", ["firehose.us-east-1.amazonaws.com:443 tls"]),
    "flowcounter": ("", []),
    "forward": ("host collector|tls on", ["collector:24224 tls"]),
    "http": ("host example.com|proxy http://squid:3128", ["squid:3128"]),
    "kafka": ("brokers one:9093,two|topics t", ["one:9093", "two:9092"]),
    "kinesis": ("region us-east-1|stream s", ["kinesis.us-east-1.amazonaws.com:443 tls"]),
    "kinesis_firehose": ("region us-east-1|delivery_stream d", ["firehose.us-east-1.amazonaws.com:443 tls"]),
    "kinesis_streams": ("region us-east-1|stream s", ["kinesis.us-east-1.amazonaws.com:443 tls"]),
    "loki": ("", ["127.0.0.1:3100"]),
    "nrlogs": ("license_key k", ["log-api.newrelic.com:443 tls"]),
    "null": ("", []),
    "opensearch": ("", ["127.0.0.1:9200"]),
    "opentelemetry": ("host otel|port 4318", ["otel:4318"]),
    "prometheus_exporter": ("", []),
    "s3": ("bucket b|region eu-west-1", ["s3.eu-west-1.amazonaws.com:443 tls"]),
    "splunk": ("splunk_token t|host hec", ["hec:8088"]),
    "stdout": ("", []),
    "syslog": ("mode tcp|port 1514", ["127.0.0.1:1514"]),
    "tcp": ("host h|port 5170", ["h:5170"]),
    "uplink": ("identity /nowhere", []),
}


def test_no_output_is_left_out() -> None:
    assert set(CASES) == set(registry.PLUGINS["output"])


@pytest.mark.parametrize("name", CASES)
def test_peers(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "AWS_PROFILE"):
        monkeypatch.delenv(variable, raising=False)
    keys, expected = CASES[name]
    lines = ["[INPUT]", "Name dummy", "[OUTPUT]", f"Name {name}", "Match *", *filter(None, keys.split("|"))]
    (tmp_path / "router.conf").write_text("\n".join(f"    {line}" if line[0] != "[" else line for line in lines) + "\n")
    log = Log(Sink(), "test")
    configuration = from_file(str(tmp_path / "router.conf"), ConfigurationFiles({}), log.warn)
    (output,) = build.plan(configuration, build.read_service(configuration, {}, log), {}, log).of_kind("output")
    assert [f"{peer}{' tls' if peer.tls else ''}" for peer in output.plugin.peers()] == expected


def test_datagrams_have_no_peer(tmp_path: Path) -> None:
    (tmp_path / "router.conf").write_text("[INPUT]\n    Name dummy\n[OUTPUT]\n    Name syslog\n    Match *\n")
    log = Log(Sink(), "test")
    configuration = from_file(str(tmp_path / "router.conf"), ConfigurationFiles({}), log.warn)
    (output,) = build.plan(configuration, build.read_service(configuration, {}, log), {}, log).of_kind("output")
    assert output.plugin.peers() == []
