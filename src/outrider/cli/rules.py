"""``outrider rules``: rules of intrusion detection."""

from __future__ import annotations

import gzip
import json
import sys
import zlib
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

import typer

from outrider.ids.configuration import Configuration
from outrider.ids.expressions import probe
from outrider.ids.rules.choice import choose
from outrider.ids.rules.load import RuleSet, load
from outrider.ids.rules.refusal import Refusal
from outrider.ids.rules.signature import Signature
from outrider.ids.rules.tables import Tables
from outrider.ids.rules.variables import Variables
from outrider.model.errors import UserError, shown

_SIZE_LIMIT = 256 << 20
_SHOWN = 20
_SHORT = 4
"""A pattern of fewer bytes is found in nearly every packet."""


def register(app: typer.Typer) -> None:
    """Add the ``rules`` commands."""
    group = typer.Typer(no_args_is_help=True, help="Rules of intrusion detection, in Suricata's language.")
    group.callback()(_group)
    group.command("check")(check)
    app.add_typer(group, name="rules")


def _group() -> None:
    """Rules of intrusion detection, in Suricata's language."""


def check(
    files: Annotated[list[str], typer.Argument(metavar="FILE...", help="Files of rules, also .gz; - reads them.")],
    configuration: Annotated[
        str | None, typer.Option("-c", metavar="SURICATA.yaml", help="Configuration with variables.")
    ] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="vars.address-groups.HOME_NET=…; repeatable.")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help=f"Tell all of what else is the first {_SHOWN}.")] = False,
    form: Annotated[str, typer.Option("--format", help="text or json.")] = "text",
) -> None:
    """Say which rules can be used, and why others cannot.

    Standard error gets a line for each rule that is left out, with its place and the reason, and for each that is used
    although something is amiss; then which rules cost much: without a pattern of four bytes they are looked at for all
    traffic that their header lets through. Standard output gets the tally. Exit status: 0, 1 when a rule is wrong
    (not when it asks for what this engine does not do), 2 for wrong arguments or files.

    Example: outrider rules check emerging-all.rules --set vars.address-groups.HOME_NET=10.0.0.0/8
    """
    if form not in ("text", "json"):
        raise UserError(f"--format {form}: there is no such format", found=form, allowed=("text", "json"))
    variables = read_configuration(configuration, settings or []).variables()
    found = load(((read_rules(file), file) for file in files), variables, Tables(), probe)
    tally = _tally(found, variables)
    if form == "json":
        document = {**tally, "refused": [_document(one) for one in found.refusals]}
        sys.stdout.write(json.dumps(document, indent=2) + "\n")
    else:
        _tell(found, None if every else _SHOWN)
        for line in _text(tally):
            typer.echo(line)
    raise typer.Exit(1 if tally["wrong"] else 0)


def read_configuration(file: str | None, settings: list[str]) -> Configuration:
    """A configuration with settings on top. Raises UserError."""
    found = Configuration() if file is None else Configuration.read(read_rules(file), file)
    return found.changed(settings)


def read_rules(file: str) -> str:
    """The text of a file, decompressed if its name says so. Raises UserError."""
    try:
        raw = sys.stdin.buffer.read(_SIZE_LIMIT + 1) if file == "-" else _bytes(Path(file))
    except (OSError, EOFError, zlib.error) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise UserError(f"cannot read {file}: {reason}", fix="give a file of rules, or - for standard input") from error
    if len(raw) > _SIZE_LIMIT:
        raise UserError(f"{file} is longer than {_SIZE_LIMIT >> 20} MiB", fix="give a smaller file")
    return raw.decode("utf-8-sig", "surrogateescape")


def _bytes(path: Path) -> bytes:
    if path.suffix != ".gz":
        with path.open("rb") as stream:
            return stream.read(_SIZE_LIMIT + 1)
    with gzip.open(path) as stream:
        return stream.read(_SIZE_LIMIT + 1)


def _tally(found: RuleSet, variables: Variables) -> dict[str, Any]:
    wrong = [one for one in found.refusals if one.supported]
    return {
        "rules": len(found.signatures) + len(found.refusals),
        "used": len(found.signatures),
        "wrong": len(wrong),
        "not_supported": len(found.refusals) - len(wrong),
        "warnings": len(found.warnings),
        "slow": [signature.sid for signature in found.signatures if _slow(signature)],
        "unused_variables": sorted((set(variables.addresses) | set(variables.ports)) - variables.used),
    }


def _slow(signature: Signature) -> bool:
    """Whether it has to be looked at for all traffic of wide ports."""
    if not signature.inspections:
        return False  # headers and states alone decide, and they are quick
    best = choose(signature)
    header = signature.header
    anywhere = header is None or (header.source_ports.everything and header.destination_ports.everything)
    return anywhere and (best is None or len(best.pattern) < _SHORT)


def _tell(found: RuleSet, most: int | None) -> None:
    for kind, told in (("left out", found.refusals), ("used, but", found.warnings)):
        for one in told[:most]:
            typer.echo(shown(f"{kind}: {one}"), err=True)
        if most is not None and len(told) > most:
            typer.echo(f"{kind}: {len(told) - most} more, which --all shows; reasons:", err=True)
            for reason, count in _reasons(told[most:]):
                typer.echo(shown(f"  {count:6} {reason}"), err=True)


def _reasons(told: Iterable[Refusal]) -> list[tuple[str, int]]:
    return Counter(one.reason for one in told).most_common(_SHOWN)


def _text(tally: dict[str, Any]) -> list[str]:
    lines = [
        f"{tally['used']} of {tally['rules']} rules can be used",
        f"{tally['wrong']} are wrong, {tally['not_supported']} ask for what is not supported, "
        f"{tally['warnings']} warnings",
    ]
    slow = tally["slow"]
    if slow:
        shown_ids = ", ".join(map(str, slow[:10])) + (" …" if len(slow) > 10 else "")
        lines.append(
            f"{len(slow)} cost much, without a pattern of {_SHORT} bytes or more and for any port: {shown_ids}"
        )
    if tally["unused_variables"]:
        lines.append(f"variables that no rule uses: {', '.join(tally['unused_variables'])}")
    return lines


def _document(one: Refusal) -> dict[str, Any]:
    return {
        "file": one.place.file,
        "line": one.place.line,
        "column": one.place.column,
        "sid": one.sid,
        "reason": one.reason,
        "supported": one.supported,
    }
