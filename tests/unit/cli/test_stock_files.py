"""Configurations that include what AWS's image has."""

from __future__ import annotations

from pathlib import Path

import pytest

from outrider.cli import operator, route
from outrider.formats.stock_files import TEXTS

NAMES = ("ECS_CLUSTER", "ECS_TASK_ARN", "ECS_TASK_DEFINITION", "DELIVERY_STREAM", "STREAM", "TASK_ID", "INDEX", "TYPE")
REGIONS = ("AWS_REGION", "FIREHOSE_REGION", "KINESIS_REGION", "S3_REGION", "ES_REGION", "FLUENT_BIT_METRICS_LOG_REGION")
OTHERS = {
    "BUCKET": "my-bucket",
    "ES_ENDPOINT": "es.example",
    "PARSER_NAME": "json",
    "FLUENT_BIT_METRICS_LOG_GROUP": "metrics",
}
AROUND = "[INPUT]\n  Name forward\n  Port 0\n@INCLUDE {}\n[OUTPUT]\n  Name null\n  Match *\n"
FILES = sorted(path for path in TEXTS if "parser.conf" not in path or path.startswith("/ecs/"))


@pytest.mark.parametrize("path", FILES)
def test_each_file_is_right(
    path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in {**dict.fromkeys(NAMES, "x"), **dict.fromkeys(REGIONS, "eu-west-1"), **OTHERS}.items():
        monkeypatch.setenv(name, value)
    main = tmp_path / "main.conf"
    main.write_text(AROUND.format(path))
    assert route.main(["-c", str(main), "--dry-run"]) == 0
    assert capsys.readouterr().err == "configuration test is successful\n"


def test_variables_that_a_file_needs_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main = tmp_path / "main.conf"
    main.write_text(AROUND.format("/ecs/filter-parser.conf"))
    route.main(["-c", str(main), "--dry-run"])
    told = "/ecs/filter-parser.conf:5:12: warning: [env] variable ${PARSER_NAME} is used but not set"
    assert told in capsys.readouterr().err


TESTS = r"""
tests:
  - name: JSON is parsed, and the other keys stay
    config: |
      @INCLUDE /fluent-bit/configs/parse-json.conf
      [INPUT]
          Name forward
      [OUTPUT]
          Name null
          Match *
    records: [{log: '{"a": 1}', container_name: web}, {log: text}]
    expect: {"null": [{a: 1, container_name: web}, {log: text}]}
  - name: the metrics files send one record a metric, and every record has the host
    config: |
      [SERVICE]
          Flush 1
      @INCLUDE /fluent-bit/configs/plugin-and-storage-metrics-to-cloudwatch.conf
    env: {FLUENT_BIT_METRICS_LOG_REGION: eu-west-1, FLUENT_BIT_METRICS_LOG_GROUP: metrics}
    send:
      - input: exec.0
        records:
          - {exec: '# HELP fluentbit_input_records_total Number of input records.'}
          - {exec: 'fluentbit_input_records_total{name="forward.0"} 12 1795288654522'}
          - {exec: ''}
          - {exec: 'fluentbit_uptime 3 1795288654522'}
      - input: exec.1
        records: [{exec: '{"storage_layer": {"chunks": {"total_chunks": 1}}}'}]
    expect:
      cloudwatch_logs:
        tags: [fb_metrics, fb_metrics, fb_metrics-storage]
        records:
          - metric: fluentbit_input_records_total
            plugin: forward.0
            value: '12'
            time: '1795288654522'
            hostname: localhost
          - {exec: fluentbit_uptime 3 1795288654522, hostname: localhost}
          - {storage_layer: {chunks: {total_chunks: 1}}, hostname: localhost}
"""


def test_what_the_files_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "tests.yaml"
    path.write_text(TESTS)
    assert operator.main(["test", str(path)]) == 0, capsys.readouterr().out
