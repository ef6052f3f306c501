"""Checks of what the outputs to CloudWatch Logs, Firehose and Kinesis send."""

from __future__ import annotations

import base64
import json
from collections import Counter
from collections.abc import Callable
from typing import Any

from tests.conformance.compare import Case, differs, nanoseconds, value

from outrider.aws.log_events import LONGEST, bodies, events_of, one_key, wanted, whole_records
from outrider.aws.logs import TARGET
from outrider.aws.outcome import Outcome
from outrider.aws.put_records import FIREHOSE, STREAMS, entries
from outrider.model.batch import Batch
from outrider.model.errors import Place
from outrider.pipeline.options import Property, read
from outrider.plugins.outputs.cloudwatch_logs.config import Options as LogsOptions
from outrider.plugins.outputs.cloudwatch_logs.format import naming_of
from outrider.plugins.outputs.kinesis_firehose.config import Options as FirehoseOptions
from outrider.plugins.outputs.kinesis_firehose.format import form_of as firehose_form
from outrider.plugins.outputs.kinesis_streams.config import Options as StreamsOptions
from outrider.plugins.outputs.kinesis_streams.format import form_of as streams_form

SERVICES: dict[str, Any] = {
    "kinesis_firehose": (FirehoseOptions, firehose_form, FIREHOSE),
    "kinesis_streams": (StreamsOptions, streams_form, STREAMS),
}


def _options(kind: Any, case: Case) -> Any:
    return read(kind, [Property(key, text, Place("case")) for key, text in case["options"].items()], "output")


def check_put_log_events(case: Case) -> str | None:
    options = _options(LogsOptions, case)
    batch = Batch(case["tag"], [nanoseconds(case)], [value(case["record"])])
    places = wanted(batch.records, options.log_key, Counter())
    ((group, stream, _),) = naming_of(options).streams(batch, places)
    texts = one_key(options.log_key) if options.log_key else whole_records(escape_unicode=True)
    (body,) = bodies(group, stream, events_of(places, batch.times, batch.records, texts, LONGEST))
    target = f"{TARGET}PutLogEvents"
    return differs([case.get("target", target), case["body"]], [target, b"".join(body.data).decode()])


def check_records(case: Case) -> str | None:
    kind, form_of, service = SERVICES[case["output"]]
    form = form_of(_options(kind, case), escape_unicode=True)
    items = form.items([nanoseconds(case)], [value(case["record"])], Outcome())
    (entry,) = entries(items, None)
    data = json.loads(entry)["Data"]
    got = [service.target, data, base64.b64decode(data).decode()]
    plain = case["data_plain"]
    wanted_data = case.get("data_b64", base64.b64encode(plain.encode()).decode())
    return differs([case.get("target", service.target), wanted_data, plain], got)


CHECKS: dict[str, Callable[[Case], str | None]] = {
    "cloudwatch_put_log_events": check_put_log_events,
    "kinesis_records": check_records,
}
