"""Fuzzes every target, one after another, and prints how many inputs each had, how fast, and what was found."""

from __future__ import annotations

import argparse
import importlib.util
import re
import subprocess
import sys
import time
from pathlib import Path

import fuzz.targets  # noqa: F401
from fuzz.seeds import seeds
from fuzz.target import TARGETS, Target

HOME = Path(__file__).resolve().parents[1] / ".fuzz"


def main() -> int:
    """Returns 1 where there are findings."""
    arguments = _arguments()
    if importlib.util.find_spec("atheris") is None:
        print("fuzz: needs Atheris; to install it: pip install -c constraints.txt --group fuzz")
        return 2
    chosen = [target for name, target in TARGETS.items() if arguments.only in name]
    total = sum(target.weight for target in chosen)
    print(f"{'target':<20} {'inputs':>10} {'inputs/s':>9}  findings", flush=True)
    done, found, begun = 0, 0, time.monotonic()
    for target in chosen:
        inputs = max(arguments.inputs * target.weight // total, 1)
        count, seconds, findings = _fuzz(target, inputs, arguments.seed)
        done += count
        found += len(findings)
        kinds = "; ".join(findings) or "-"
        print(f"{target.name:<20} {count:>10,} {count / max(seconds, 0.01):>9,.0f}  {kinds}", flush=True)
    print(f"{'all':<20} {done:>10,} {done / max(time.monotonic() - begun, 0.01):>9,.0f}  {found}")
    return 1 if found else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make fuzz", description=__doc__)
    parser.add_argument("--inputs", type=int, default=300_000, help="inputs of all targets together")
    parser.add_argument("--only", default="", help="targets whose name holds this")
    parser.add_argument("--seed", type=int, default=1, help="of the fuzzer")
    return parser.parse_args()


def _fuzz(target: Target, inputs: int, seed: int) -> tuple[int, float, list[str]]:
    """How many inputs there were, in how many seconds, and what this run found."""
    corpus, findings = HOME / "corpus" / target.name, HOME / "findings" / target.name
    corpus.mkdir(parents=True, exist_ok=True)
    findings.mkdir(parents=True, exist_ok=True)
    for number, data in enumerate(seeds(target)):
        (corpus / f"seed-{number}").write_bytes(data)
    for old in findings.iterdir():
        old.unlink()
    command = [sys.executable, "-m", "fuzz.child", target.name, str(inputs), str(seed), str(corpus), str(findings)]
    begun = time.monotonic()
    done = subprocess.run(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, check=False, cwd=HOME.parent)
    text = done.stderr.decode("utf-8", "replace")
    (HOME / f"{target.name}.log").write_text(text, "utf-8")
    count = re.search(r"stat::number_of_executed_units:\s+(\d+)", text)
    kinds = [path.read_text("utf-8").splitlines()[0] for path in sorted(findings.glob("*.txt"))]
    if done.returncode:
        kinds.append(f"ended with {done.returncode}, see .fuzz/{target.name}.log")
    return int(count[1]) if count else 0, time.monotonic() - begun, kinds


if __name__ == "__main__":
    sys.exit(main())
