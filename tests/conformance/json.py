"""Checks of JSON and of the lines that the stdout, file and es outputs write."""

from __future__ import annotations

import json
from collections.abc import Callable

from tests.conformance.compare import Case, NotCoveredError, differs, nanoseconds, value
from tests.conformance.s3 import check_s3_lines

from outrider.formats import json as encoder
from outrider.formats import text
from outrider.formats.bulk import Bulk, BulkForm
from outrider.model.batch import Batch


def check_record(case: Case) -> str | None:
    return differs(case["json"], encoder.encode(value(case["value"])).decode())


def check_date(case: Case) -> str | None:
    line = encoder.encode_lines([nanoseconds(case)], [{}], "d", case["json_date_format"])
    return differs({"d": case["out"]}, json.loads(line))


def _stdout(case: Case) -> bytes:
    tag, times, records = case["tag"], [nanoseconds(case)], [value(case["record"])]
    if case["format"].startswith("msgpack"):
        return text.stdout_lines(tag, times, records)
    key, form = case.get("json_date_key", "date"), case["json_date_format"]
    if case["format"] == "json_lines":
        return encoder.encode_lines(times, records, key, form)
    return encoder.encode_array(times, records, key, form) + b"\n"


def _file(case: Case) -> bytes:
    tag, times, records = case["tag"], [nanoseconds(case)], [value(case["record"])]
    match case["format"]:
        case "default":
            return text.file_lines(tag, times, records)
        case "plain":
            return text.plain_lines(times, records)
        case "csv":
            return text.csv_lines(times, records, case["delimiter"])
        case "ltsv":
            return text.ltsv_lines(times, records)
        case "template":
            return text.template_lines(times, records, case["template"])
        case other:
            raise AssertionError(other)


def _es(case: Case) -> bytes:
    form = BulkForm(
        index=case["index"],
        suppress_type_name=case["suppress_type_name"] == "on",
        write_operation=case["write_operation"],
    )
    batch = Batch(case["tag"], [nanoseconds(case)], [value(case["record"])])
    return Bulk(form).encode(batch, case["sec"], escape_unicode=True)


def check_lines(case: Case) -> str | None:
    if case["output"] == "s3":
        return check_s3_lines(case)
    writers = {"stdout": _stdout, "file": _file, "es": _es}
    if case["output"] not in writers:
        raise NotCoveredError(f"output {case['output']}")
    return differs(case["out"], writers[case["output"]](case).decode())


CHECKS: dict[str, Callable[[Case], str | None]] = {
    "record_to_json": check_record,
    "json_date_format": check_date,
    "output_lines": check_lines,
}
