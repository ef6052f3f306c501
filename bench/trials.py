"""Conservation, faults and soak from the command line: a table, or one JSON object a line."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence

from bench import conservation, faults, soak

_COLUMNS = ("fault", "sent", "peak_mib", "resumed", "drained", "lost", "duplicates", "rejected", "balance", "good")


def run_conservation(router: Sequence[str], records: int, kills: int, rate: float, seed: int) -> int:
    """The exit status: 0 where all is well."""
    found = conservation.conservation(router, records, kills, rate, seed)
    print(json.dumps(found.as_dict()), flush=True)
    return 0 if found.good else 1


def run_faults(router: Sequence[str], only: str, seconds: float, rate: float, *, as_json: bool) -> int:
    """As above."""
    has_root = faults.own_network()
    good = True
    if not as_json:
        print(" ".join(name.rjust(10) for name in _COLUMNS))
    for name, fault in faults.FAULTS.items():
        if only not in name:
            continue
        if fault.root and not has_root:
            print(f"bench: '{name}' needs root", file=sys.stderr)
            continue
        found = faults.run(router, name, seconds, rate)
        good = good and found.good
        row = found.as_dict()
        print(json.dumps(row) if as_json else " ".join(str(row[key]).rjust(10) for key in _COLUMNS), flush=True)
    return 0 if good else 1


def run_soak(router: Sequence[str], hours: float, rate: float) -> int:
    """As above."""
    minutes = []
    for minute in soak.soak(router, max(round(hours * 60), 1), rate):
        minutes.append(minute)
        print(f"minute {minute.number:>4}: {minute.resident_mib:6.1f} MiB, {minute.records:,} records", flush=True)
    growth = soak.growth(minutes)
    if growth is None:
        return 0
    print(f"since minute {soak.SETTLED_MINUTE}: {growth:+.1%}")
    return 0 if abs(growth) <= soak.GROWTH_MAX else 1
