"""Checks of the keys, sizes and lines of the s3 output."""

from __future__ import annotations

from collections.abc import Callable

from tests.conformance.compare import Case, differs, nanoseconds, value

from outrider.model.batch import Batch
from outrider.model.errors import Place, UserError
from outrider.pipeline import options
from outrider.plugins.outputs.s3 import config, limits
from outrider.plugins.outputs.s3.format import encode
from outrider.plugins.outputs.s3.key import KeyFormat


def check_key(case: Case) -> str | None:
    made = KeyFormat(case["s3_key_format"], case["s3_key_format_tag_delimiters"])
    return differs(case["key"], made.key(case["tag"], case["time_utc"], case["uuid"], case["index"]))


def check_options(case: Case) -> str | None:
    properties = [options.Property(key, text, Place("main.conf", 1)) for key, text in case["options"].items()]
    try:
        read = options.read(config.Options, properties, "output plugin 's3'")
        limits.check(read)
        found = limits.limits(read)
    except UserError as error:
        return None if case.get("error", "no error") in str(error) else f"unexpected: {error}"
    if "error" in case:
        return f"no error, expected {case['error']}"
    return differs("use_put_object switched on" in case["result"], found.whole)


def check_s3_lines(case: Case) -> str | None:
    batch = Batch(case["tag"], [nanoseconds(case)], [value(case["record"])])
    lines, _ = encode(batch, config.Options(bucket="b", log_key=case["log_key"]), escape_unicode=True)
    return differs(case["out"], lines.decode())


CHECKS: dict[str, Callable[[Case], str | None]] = {"s3_key": check_key, "s3_option_validation": check_options}
