"""``outrider agent``: collects logs on loopback and delivers them to an Outrider server."""

from __future__ import annotations

import argparse
import json
import os
import socket
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from outrider.agent import settings
from outrider.model.errors import LocalError, OutriderError, UserError, UserErrors

_PATIENCE: Final = 3.0
"""Seconds for an agent to take a connection."""


def main(arguments: Sequence[str]) -> int:
    """Returns the exit status: 0 after a stop, 2 for wrong settings, 1 for a machine that refuses.

    Of ``status``: 1 where no agent runs.
    """
    try:
        parsed = _parser().parse_args(list(arguments))
        if parsed.action == "status":
            return _status(
                Path(parsed.state or os.environ.get("OUTRIDER_STATE") or settings.DEFAULT_STATE), parsed.json
            )
        given = {key.replace("_", "-"): value for key, value in vars(parsed).items() if isinstance(value, str)}
        found = settings.read(os.environ, given)
        if parsed.dry_run:
            return _dry_run(found)
        from outrider.agent import program  # a status is asked for often, and needs none of it

        return program.run(found)
    except OutriderError as error:
        for each in error.errors if isinstance(error, UserErrors) else [error]:
            print(f"outrider agent: {each}", file=sys.stderr)
        return 1 if isinstance(error, LocalError) else 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="outrider agent",
        description="Takes syslog on loopback (TCP and UDP), keeps it on disk, and delivers it to an Outrider server."
        " With -c it is a log router, too.",
        epilog="Settings may come from the environment; KEY is read where OUTRIDER_TOKEN is not set. "
        "Example: outrider agent -c /fluent-bit/etc/fluent-bit.conf",
        allow_abbrev=False,
    )
    parser.add_argument("action", nargs="?", choices=["run", "status"], default="run", help="default: run")
    parser.add_argument(
        "-c",
        "--config",
        metavar="FILE",
        help="a configuration, as of outrider route, whose inputs, filters and outputs run here too (OUTRIDER_CONFIG)",
    )
    parser.add_argument("--server", help="the server's address for agents, https://HOST:8444 (OUTRIDER_SERVER)")
    parser.add_argument("--token", help="join token; better in OUTRIDER_TOKEN, where other users cannot see it")
    parser.add_argument("--token-file", help="file with the join token (OUTRIDER_TOKEN_FILE)")
    parser.add_argument("--state", help=f"directory for identity and spool (OUTRIDER_STATE, {settings.DEFAULT_STATE})")
    parser.add_argument("--listen", help="address of the syslog listener (OUTRIDER_LISTEN, 127.0.0.1)")
    parser.add_argument("--port", help="port of the syslog listener (OUTRIDER_SYSLOG_PORT, 1514)")
    parser.add_argument("--name", help="name that the portal shows (OUTRIDER_NAME, the host name)")
    parser.add_argument("--task", help="task that the records belong to (OUTRIDER_TASK, the name)")
    parser.add_argument("--log-level", help="off, error, warn, info, debug or trace (OUTRIDER_LOG_LEVEL, info)")
    parser.add_argument(
        "--dry-run", action="store_true", help="check the settings and the configuration, as they would run, and end"
    )
    parser.add_argument("--json", action="store_true", help="status as JSON")
    return parser


def _dry_run(found: settings.Settings) -> int:
    """Print what is wrong with the pipeline, as ``outrider route --dry-run`` does; 2 if it could not start."""
    from outrider.agent.source import Source
    from outrider.cli.route import report
    from outrider.pipeline import storage
    from outrider.pipeline.config.findings import Findings
    from outrider.pipeline.log import Log, Sink

    findings = Findings()
    configuration, plan = Source(found, Log(Sink(), "agent"), dry=True).look(findings)
    if plan.service.storage_path != str(found.spool):  # the state is the doctor's to look at, beside the agent
        storage.look_at_path(plan.service, configuration.service, findings)
    return 2 if report(findings, plan) else 0


def _status(state: Path, as_json: bool) -> int:
    """Print the status; 1 if no agent takes connections there, which is what health checks ask."""
    path = state / "status.json"
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise UserError(
            f"{path}: {error.strerror}", fix="--state names the directory of an agent that has run"
        ) from error
    status = json.loads(text)
    running = _takes_connections(status["listen"], status["port"])
    if as_json:
        print(text, end="")
        return 0 if running else 1
    print(f"running    {'yes' if running else 'no'}")
    print(f"enrolled   {'yes' if status['enrolled'] else 'no'}")
    for name in ("accepted", "delivered", "buffered"):
        print(f"{name:10} {status[name]}")
    for reason, count in status["dropped"].items():
        print(f"dropped    {count} ({reason})")
    for problem in status["problems"]:
        fix = f"; fix: {problem['fix']}" if problem["fix"] else ""
        print(f"{problem['level']:10} {problem['what']}{fix}")
    return 0 if running else 1


def _takes_connections(listen: str, port: int) -> bool:
    try:
        with socket.create_connection((listen, port), _PATIENCE):
            return True
    except OSError:
        return False
