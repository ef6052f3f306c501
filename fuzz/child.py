"""One target under Atheris. ``python -m fuzz.child NAME INPUTS SEED CORPUS FINDINGS``; libFuzzer ends the process."""

from __future__ import annotations

import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["outrider"], enable_loader_override=False):
    import fuzz.targets  # noqa: F401
from fuzz import guard
from fuzz.target import TARGETS

HANG_SECONDS = 30


def main() -> None:
    """Fuzz; what is found is kept, and fuzzing goes on."""
    name, inputs, seed, corpus, findings = sys.argv[1:]
    target, directory = TARGETS[name], Path(findings)

    def one(data: bytes) -> None:
        finding = guard.run(target, data)
        if finding is not None and guard.keep(directory, finding, data):
            print(f"finding: {finding.kind}", file=sys.stderr, flush=True)

    flags = [
        f"-runs={inputs}",
        f"-seed={seed}",
        f"-max_len={target.longest}",
        f"-timeout={HANG_SECONDS}",
        "-rss_limit_mb=2048",
        "-print_final_stats=1",
        "-verbosity=0",
        f"-artifact_prefix={directory}/",
    ]
    atheris.Setup([sys.argv[0], *flags, corpus], one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
