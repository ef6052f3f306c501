"""The bodies of the monitoring endpoints."""

from __future__ import annotations

import pytest
from prometheus_client.parser import text_string_to_metric_families

from outrider.pipeline.operate import report
from outrider.pipeline.operate.status import FilterStatus, InputStatus, OutputStatus, Status

STATUS = Status(
    inputs=[InputStatus('in "quoted"\\', 3, 1500, True, 2048, 50_000_000, 5, 3, 4, 2, 1500)],
    filters=[FilterStatus("grep.0", 3, 0, 1)],
    outputs=[OutputStatus("stdout.0", 2, 900, 1, 2, 3, 4, 5), OutputStatus("null.1", 1)],
    uptime=3.9,
    started=1_700_000_000.0,
    reloads=2,
)


@pytest.mark.parametrize("text", [report.prometheus_v1(STATUS, 1_700_000_003_900), report.prometheus_v2(STATUS)])
def test_prometheus_reads_it(text: str) -> None:
    found = {
        (sample.name, sample.labels.get("name", "")): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
    assert found["fluentbit_input_records_total", 'in "quoted"\\'] == 3
    assert found["fluentbit_output_retries_failed_total", "stdout.0"] == 3
    assert found["fluentbit_output_proc_records_total", "null.1"] == 1
    assert found["fluentbit_filter_drop_records_total", "grep.0"] == 1
    assert found["process_start_time_seconds", ""] == 1_700_000_000


def test_each_metric_is_described_once() -> None:
    for text in (report.prometheus_v1(STATUS, 1), report.prometheus_v2(STATUS)):
        types = [line.split()[2] for line in text.splitlines() if line.startswith("# TYPE")]
        assert len(types) == len(set(types))


def test_metrics_as_json() -> None:
    assert report.metrics(STATUS) == {
        "input": {'in "quoted"\\': {"records": 3, "bytes": 1500}},
        "filter": {"grep.0": {"drop_records": 1, "add_records": 0, "records": 3, "bytes": 0, "drop_bytes": 0}},
        "output": {
            "stdout.0": {
                "proc_records": 2,
                "proc_bytes": 900,
                "errors": 1,
                "retries": 2,
                "retries_failed": 3,
                "dropped_records": 4,
                "retried_records": 5,
            },
            "null.1": {
                "proc_records": 1,
                "proc_bytes": 0,
                "errors": 0,
                "retries": 0,
                "retries_failed": 0,
                "dropped_records": 0,
                "retried_records": 0,
            },
        },
    }


def test_storage() -> None:
    body = report.storage(STATUS)
    assert body["storage_layer"]["chunks"] == {
        "total_chunks": 5,
        "mem_chunks": 1,
        "fs_chunks": 4,
        "fs_chunks_up": 2,
        "fs_chunks_down": 2,
    }
    assert body["input_chunks"]['in "quoted"\\'] == {
        "status": {"overlimit": True, "mem_size": "2.0K", "mem_limit": "47.7M"},
        "chunks": {"total": 5, "up": 3, "down": 2, "busy": 2, "busy_size": "1.5K"},
    }


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0b"),
        (1023, "1023b"),
        (1024, "1.0K"),
        (1536, "1.5K"),
        (1 << 20, "1.0M"),
        (5 << 30, "5.0G"),
        (1 << 80, "1048576.0E"),
    ],
)
def test_sizes(size: int, text: str) -> None:
    assert report.size_text(size) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 day, 0 hour, 0 minute and 0 second"),
        (61, "0 day, 0 hour, 1 minute and 1 second"),
        (2 * 86_400 + 3 * 3600 + 62, "2 days, 3 hours, 1 minute and 2 seconds"),
    ],
)
def test_uptime_in_words(seconds: int, text: str) -> None:
    assert report.uptime_text(seconds) == f"Fluent Bit has been running:  {text}"
