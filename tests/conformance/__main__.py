"""``python -m tests.conformance FILE...``: exit status 0 if no case failed."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.conformance.runner import Outcome, run


def main(arguments: list[str]) -> int:
    """Run the files named on the command line."""
    if not arguments:
        print("usage: python -m tests.conformance FILE...", file=sys.stderr)
        return 2
    outcome = Outcome()
    run([Path(argument) for argument in arguments], outcome)
    print(outcome.report())
    return 1 if outcome.failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
