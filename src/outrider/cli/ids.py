"""``outrider ids``: intrusion detection."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Annotated, BinaryIO

import msgspec
import typer

from outrider.cli.rules import read_configuration, read_rules
from outrider.ids.capture.frame import CaptureError, Frame
from outrider.ids.capture.reader import frames
from outrider.ids.configuration import Configuration
from outrider.ids.engine import Engine, Setup
from outrider.ids.expressions import probe
from outrider.ids.rules.load import load
from outrider.ids.rules.refusal import Refusal
from outrider.ids.rules.tables import Tables, read_classifications, read_references
from outrider.model.errors import LocalError, UserError, shown


def register(app: typer.Typer) -> None:
    """Add the ``ids`` commands."""
    group = typer.Typer(no_args_is_help=True, help="Intrusion detection with Suricata's rules.")
    group.callback()(_group)
    group.command("run")(run)
    app.add_typer(group, name="ids")


def _group() -> None:
    """Intrusion detection with Suricata's rules."""


def run(
    capture: Annotated[str, typer.Option("-r", metavar="CAPTURE", help="A pcap or pcapng file; - reads it.")],
    rules: Annotated[list[str], typer.Option("-S", metavar="RULES", help="Rules, also .gz; repeatable.")],
    directory: Annotated[str, typer.Option("-l", metavar="DIR", help="Where eve.json is written.")] = ".",
    checksums: Annotated[str, typer.Option("-k", metavar="all|none", help="none: checksums do not count.")] = "all",
    configuration: Annotated[
        str | None, typer.Option("-c", metavar="SURICATA.yaml", help="Variables, stream and output settings.")
    ] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="A key of the configuration; repeatable.")
    ] = None,
) -> None:
    """Look for rules in a capture file, and write alerts and flows as EVE JSON.

    Rules that cannot be used are told on standard error and left out ('outrider rules check' says more). Time is that
    of the packets. Exit status: 0, 1 when the capture is damaged (what was read before counts), 2 for wrong arguments.

    Example: outrider ids run -r traffic.pcap -S local.rules -l /tmp/out
    """
    if checksums not in ("all", "none"):
        raise UserError(f"-k {checksums}: not possible", found=checksums, allowed=("all", "none"))
    found = read_configuration(configuration, settings or [])
    for name in found.unused(settings or []):
        typer.echo(shown(f"note: --set {name} means nothing here"), err=True)
    loaded = load(((read_rules(file), file) for file in rules), found.variables(), tables_of(found), probe)
    for refusal in loaded.refusals:
        typer.echo(shown(f"left out: {refusal}"), err=True)
    engine = Engine(loaded.signatures, setup_of(found, verify=checksums == "all"))
    damaged = _write(engine, capture, Path(directory) / "eve.json")
    if damaged:
        typer.echo(shown(f"{capture}: {damaged}"), err=True)
    counters = engine.all_counters()
    typer.echo(
        f"{counters.get('decoder.pkts', 0)} packets, {counters.get('detect.alert', 0)} alerts, "
        f"{len(loaded.signatures)} rules",
        err=True,
    )
    raise typer.Exit(1 if damaged else 0)


def tables_of(configuration: Configuration) -> Tables:
    """Those of the files that the configuration names, else our own."""
    tables = Tables()
    refusals: list[Refusal] = []
    file = configuration.file("classification-file")
    if file is not None:
        found, refused = read_classifications(read_rules(file), file)
        tables = replace(tables, classifications=found)
        refusals += refused
    file = configuration.file("reference-file", "reference-config-file")
    if file is not None:
        kinds, refused = read_references(read_rules(file), file)
        tables = replace(tables, references=kinds)
        refusals += refused
    for refusal in refusals:
        typer.echo(shown(f"left out: {refusal}"), err=True)
    return tables


def setup_of(configuration: Configuration, *, verify: bool) -> Setup:
    """How the engine runs; ``verify``: checksums count. Raises UserError."""
    return Setup(
        verify=verify,
        tcp=configuration.tcp(),
        policy=configuration.policies(),
        shown=configuration.shown(),
        alerts=configuration.alerts(),
        layers=configuration.layers(),
        older_dns=str(configuration.output("dns").get("version")) == "2",
        levels=configuration.at("decoder.recursion-level.use-for-tracking") not in (False, "false", "no"),
    )


def _write(engine: Engine, capture: str, path: Path) -> str:
    """Events of a capture into a file; returns what is wrong with the capture, empty if nothing is."""
    encode = msgspec.json.Encoder().encode
    if path.exists() and not path.is_file():
        raise UserError(f"{path} is no file", fix="name another folder with -l")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as out:
            damaged = ""
            try:
                for frame in _frames(capture):
                    for event in engine.frame(frame):
                        out.write(encode(event) + b"\n")
            except CaptureError as error:
                damaged = str(error)
            for event in engine.finish():
                out.write(encode(event) + b"\n")
            return damaged
    except OSError as error:
        raise LocalError(f"cannot write {path}: {error.strerror}") from error


def _frames(capture: str) -> Iterator[Frame]:
    if capture == "-":
        yield from frames(_whole(sys.stdin.buffer))
        return
    try:
        stream = Path(capture).open("rb")  # noqa: SIM115 - closed below, errors of opening are the user's
    except OSError as error:
        raise UserError(f"cannot read {capture}: {error.strerror}", fix="give a pcap or pcapng file") from error
    with stream:
        yield from frames(_whole(stream))


def _whole(stream: BinaryIO) -> Callable[[int], bytes]:
    """Reads that are short at the end only."""
    return stream.read
