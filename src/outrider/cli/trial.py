"""``outrider test``: pipeline tests, with neither network nor disk."""

from __future__ import annotations

import asyncio
import io
import json
import time
from collections.abc import Hashable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated
from xml.etree import ElementTree

import typer

from outrider.model.errors import Place, UserError, UserErrors
from outrider.net.files import ConfigurationFiles
from outrider.pipeline.config.configuration import Configuration, from_file
from outrider.pipeline.config.findings import Findings
from outrider.pipeline.config.parsers_files import read_parsers
from outrider.pipeline.log import LEVELS, Log, Sink
from outrider.pipeline.trial import pipeline as trial
from outrider.pipeline.trial.file import Case, Source, read
from outrider.pipeline.trial.judge import differences

_FILES = typer.Argument(metavar="FILE.yaml…", help="Files of tests; see docs/router.md.")


def register(app: typer.Typer) -> None:
    """Add the ``test`` command."""
    app.command("test")(run_tests)


@dataclass(slots=True)
class Result:
    """How a test ended; ``lines`` say what is wrong, ``log`` is what the pipeline warned of."""

    case: Case
    lines: list[str] = field(default_factory=list)
    log: str = ""
    wrong: bool = False
    """Whether the test itself cannot be right: it names what the configuration does not have."""
    seconds: float = 0.0


def run_tests(
    files: Annotated[list[str], _FILES],
    only: Annotated[str, typer.Option("-k", metavar="TEXT", help="Only tests with this text in their name.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object for each test.")] = False,
    junit: Annotated[str, typer.Option(metavar="FILE", help="Write a JUnit report there.")] = "",
) -> None:
    """Send records through a pipeline and compare what each output would get. Nothing leaves this process.

    Inputs and outputs are stand-ins; filters, parsers and routes are the real ones. Ends with 1 if a test fails, and
    with 2 if a file of tests is wrong.
    """
    cases = [case for file in files for case in read(_read(file), file) if only in case.name]
    if not cases:
        message = f"no test has '{only}' in its name" if only else "there are no tests"
        raise UserError(message, Place(files[0]))
    results = []
    for case in cases:
        results.append(_run(case))
        typer.echo(_as_json(results[-1]) if as_json else _as_text(results[-1]))
    failed = sum(bool(result.lines) for result in results)
    if not as_json:
        typer.echo(f"{len(results) - failed} passed, {failed} failed")
    if junit:
        _write(junit, _as_junit(results))
    if failed:
        raise typer.Exit(2 if any(result.wrong for result in results) else 1)


def _read(path: str) -> str:
    try:
        return Path(path).read_text("utf-8", "surrogateescape")
    except OSError as error:
        raise UserError(f"cannot be read: {error.strerror}", Place(path)) from error


def _write(path: str, text: str) -> None:
    try:
        Path(path).write_text(text, "utf-8", "backslashreplace")
    except OSError as error:
        raise UserError(f"cannot be written: {error.strerror}", Place(path)) from error


def _run(case: Case) -> Result:
    stream = io.StringIO()
    log, findings = Log(Sink(stream, LEVELS["warn"]), "test"), Findings()
    result, started = Result(case), time.monotonic()
    environment = {"HOSTNAME": "localhost", **case.environment}
    try:
        configuration = _configuration(case.source, environment, findings, log)
        outcome = asyncio.run(trial.run(configuration, case.given, environment, findings, log))
        result.lines = differences(case, outcome)
    except UserErrors as errors:
        result.lines = [str(error) for error in errors.errors]
    except UserError as error:
        result.lines = [str(error)]
        result.wrong = error.place is not None and error.place.file == case.place.file
    result.log, result.seconds = stream.getvalue(), time.monotonic() - started
    return result


def _configuration(source: Source, environment: dict[str, str], findings: Findings, log: Log) -> Configuration:
    files = _Files(source)
    configuration = from_file(source.path, files, log.warn, findings)
    read_parsers(configuration, environment, files, log.warn, findings)
    return configuration


class _Files(ConfigurationFiles):
    """The file system, with a configuration that stands in a file of tests."""

    def __init__(self, source: Source) -> None:
        super().__init__()
        self._source = source

    def read(self, path: str) -> str:
        """See ConfigurationFiles."""
        return self._source.text if path == self._source.path and self._source.text is not None else super().read(path)

    def identity(self, path: str) -> Hashable | None:
        """See ConfigurationFiles."""
        return path if path == self._source.path and self._source.text is not None else super().identity(path)


def _as_text(result: Result) -> str:
    if not result.lines:
        return f"ok    {result.case.name}"
    lines = [f"FAIL  {result.case.name} ({result.case.place})", *(f"      {line}" for line in result.lines)]
    return "\n".join(lines + [f"      log: {line}" for line in result.log.splitlines()])


def _as_json(result: Result) -> str:
    place = result.case.place
    return json.dumps(
        {
            "name": result.case.name,
            "file": place.file,
            "line": place.line,
            "passed": not result.lines,
            "differences": result.lines,
            "seconds": round(result.seconds, 3),
        }
    )


def _as_junit(results: list[Result]) -> str:
    failed = sum(bool(result.lines) for result in results)
    suite = ElementTree.Element("testsuite", name="outrider test", tests=str(len(results)), failures=str(failed))
    for result in results:
        place = result.case.place
        attributes = {"name": result.case.name, "classname": place.file, "time": f"{result.seconds:.3f}"}
        attributes = {key: _printable(value) for key, value in attributes.items()}
        element = ElementTree.SubElement(suite, "testcase", attributes)
        if result.lines:
            failure = ElementTree.SubElement(element, "failure", message=_printable(result.lines[0]))
            failure.text = _printable("\n".join(result.lines))
    ElementTree.indent(suite)
    return ElementTree.tostring(suite, encoding="unicode") + "\n"


def _printable(text: str) -> str:
    """XML has no place for control characters."""
    return "".join(c if c.isprintable() or c in "\n\t" else f"\\x{ord(c):02x}" for c in text)
