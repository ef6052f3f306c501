"""Prints the tables of docs/performance.md and docs/buffering.md."""

from __future__ import annotations

import argparse
import importlib.util
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

from bench.measure import idle_mib, idle_router_mib, measure
from bench.pipelines import PIPELINES
from outrider.protocols.uplink import JoinToken

OUTRIDER = str(Path(sys.executable).with_name("outrider"))
HEADINGS = ("pipeline", "sent", "lost", "CPU µs/record", "records/s", "peak MiB")
NOBODY = JoinToken(id="0" * 12, secret="0" * 32, pin="A" * 43)


def main() -> int:
    """Runs what the arguments ask for; returns the exit status."""
    arguments = _arguments()
    router = shlex.split(arguments.router)
    if arguments.conservation or arguments.faults or arguments.soak:
        return _trial(arguments, router)
    widths = (max(map(len, PIPELINES)), 9, 9, 13, 10, 9)
    print(" ".join(heading.rjust(width) for heading, width in zip(HEADINGS, widths, strict=True)))
    for name, pipeline in PIPELINES.items():
        if arguments.only not in name:
            continue
        found = measure(router, pipeline, arguments.records, arguments.patience)
        cells = (
            name,
            f"{found.sent:,}",
            f"{found.lost:,}",
            f"{found.cpu_seconds / max(found.arrived, 1) * 1e6:.2f}",
            f"{found.arrived / found.wall_seconds:,.0f}",
            f"{found.peak_mib:.0f}",
        )
        print(" ".join(cell.rjust(width) for cell, width in zip(cells, widths, strict=True)), flush=True)
    if not arguments.only:
        print(f"\nidle router: {idle_router_mib(router, PIPELINES['task, one by one']):.0f} MiB resident")
        if arguments.router == _default_router():
            print(f"idle agent:  {_idle_agent():.0f} MiB resident")
    if arguments.store:
        return _store()
    return 0


def _trial(arguments: argparse.Namespace, router: list[str]) -> int:
    from bench import trials

    if arguments.conservation:
        return trials.run_conservation(
            router, arguments.records, arguments.kills, arguments.rate or 15_000, arguments.seed
        )
    rate = arguments.rate or 5_000
    if arguments.faults:
        return trials.run_faults(router, arguments.only, arguments.seconds, rate, as_json=arguments.json)
    return trials.run_soak(router, arguments.hours, rate)


def _idle_agent() -> float:
    with tempfile.TemporaryDirectory(prefix="bench-", dir="/tmp") as state:
        command = [OUTRIDER, "agent", "--state", state, "--server", "https://127.0.0.1:1", "--port", "15140"]
        return idle_mib([*command, "--log-level", "off"], {"OUTRIDER_TOKEN": str(NOBODY)})


def _store() -> int:
    if importlib.util.find_spec("bench.store") is None:
        print("bench: there is no bench/store.py", file=sys.stderr)
        return 2
    print()
    return subprocess.run([sys.executable, "-m", "bench.store"], check=False).returncode


def _default_router() -> str:
    return f"{shlex.quote(OUTRIDER)} route"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--router", default=_default_router(), help="command that takes -c FILE, such as fluent-bit")
    parser.add_argument("--records", type=int, default=2_000_000, help="records to send (default: %(default)s)")
    parser.add_argument("--only", default="", metavar="TEXT", help="only pipelines whose name has this text")
    parser.add_argument("--patience", type=float, default=8, help="seconds without progress before giving up")
    parser.add_argument("--store", action="store_true", help="measure the server's store as well")
    _add_trials(parser.add_argument_group("trials, in place of the tables"))
    return parser.parse_args()


def _add_trials(trials: argparse._ArgumentGroup) -> None:
    trials.add_argument(
        "--conservation", action="store_true", help="--records with numbers, the router killed --kills times"
    )
    trials.add_argument("--kills", type=int, default=25, help="(default: %(default)s)")
    trials.add_argument("--seed", type=int, default=1, help="picks the moments (default: %(default)s)")
    trials.add_argument(
        "--faults", action="store_true", help="a destination that misbehaves in every way; --only one of them"
    )
    trials.add_argument("--seconds", type=float, default=120, help="of each fault (default: %(default)s)")
    trials.add_argument("--soak", action="store_true", help="resident memory, minute by minute, for --hours")
    trials.add_argument("--hours", type=float, default=1, help="(default: %(default)s)")
    trials.add_argument("--rate", type=float, default=0, help="records a second (default: 5,000; conservation: 15,000)")
    trials.add_argument("--json", action="store_true", help="one JSON object a line")


if __name__ == "__main__":
    sys.exit(main())
