"""Every output writes every record that an input can hand in: one odd record must not hold up a batch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.plugins.outputs.odd import odd_records

from outrider.formats import msgpack
from outrider.model.batch import Batch
from outrider.pipeline.chunk import pack
from outrider.plugins.outputs.file.config import Options as FileOptions
from outrider.plugins.outputs.file.format import encode as file_bytes
from outrider.plugins.outputs.stdout.config import Options as StdoutOptions
from outrider.plugins.outputs.stdout.format import encode as stdout_bytes
from outrider.plugins.outputs.syslog.config import Options as SyslogOptions
from outrider.plugins.outputs.syslog.plugin import syslog_format
from outrider.plugins.outputs.uplink.rows import parts
from outrider.protocols.forward import frames
from outrider.protocols.uplink import encode_batch

KEYED: dict[str, Any] = {
    f"syslog_{name}_key": "a" for name in ("severity", "facility", "hostname", "appname", "procid", "msgid")
} | {"syslog_sd_key": ("a", "b"), "syslog_message_key": "b"}

WRITERS: dict[str, Callable[[Batch], object]] = {
    **{
        f"file {form}": lambda batch, form=form: file_bytes(batch, FileOptions(format=form), escape_unicode=True)
        for form in ("out_file", "plain", "csv", "ltsv", "template", "msgpack")
    },
    **{
        f"stdout {form} {date}": lambda batch, form=form, date=date: stdout_bytes(
            batch, StdoutOptions(format=form, json_date_format=date), escape_unicode=False
        )
        for form in ("msgpack", "json", "json_lines", "json_stream")
        for date in ("double", "iso8601", "java_sql_timestamp", "epoch", "epoch_ms")
    },
    **{
        f"syslog {form}": lambda batch, form=form: syslog_format(SyslogOptions(syslog_format=form, **KEYED)).stream(
            batch.times, batch.records
        )
        for form in ("rfc3164", "rfc5424")
    },
    **{
        f"forward {integer}": lambda batch, integer=integer: frames.entries(
            batch, integer_times=integer, with_metadata=True
        )
        for integer in (True, False)
    },
    "uplink": lambda batch: [encode_batch(rows) for _, rows in parts(batch, "task")],
    "spool": pack,
}

records = odd_records("a", "b")
times = st.one_of(
    st.integers(-msgpack.TIME_MAX, msgpack.TIME_MAX), st.sampled_from([0, -1, msgpack.TIME_MAX, -msgpack.TIME_MAX])
)


@pytest.mark.parametrize("writer", WRITERS.values(), ids=WRITERS)
@given(record=records, time=times)
def test_nothing_is_too_odd_to_write(writer: Callable[[Batch], object], record: Any, time: int) -> None:
    assert writer(Batch("app", [time, 0], [record, {"a": "x"}], [{}, {"m": 1}], id="ab" * 16)) is not None


@pytest.mark.parametrize("writer", WRITERS.values(), ids=WRITERS)
def test_deep_records(writer: Callable[[Batch], object]) -> None:
    record: Any = {"a": 1}
    for _ in range(300):
        record = {"a": record, "b": [1]}
    assert writer(Batch("app", [0], [record], id="ab" * 16)) is not None
