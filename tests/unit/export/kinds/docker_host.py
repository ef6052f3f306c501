"""What the tests of the kinds for a Docker host share."""

from __future__ import annotations

import subprocess
from pathlib import Path

from outrider.export.description import Description, describe
from outrider.export.kinds import docker_run


def described(**values: str) -> Description:
    return describe({"image": "registry.example.com:5000/outrider:1.0", **values})


def started(tmp_path: Path, description: Description, **environment: str) -> subprocess.CompletedProcess[str]:
    """What run.sh asks Docker for, one word a line."""
    (tmp_path / "run.sh").write_text(docker_run.make(description)["run.sh"])
    fake = tmp_path / "docker"
    fake.write_text('#!/bin/sh\nfor word; do echo "$word"; done\n')
    fake.chmod(0o755)
    environment["PATH"] = f"{tmp_path}:/usr/bin:/bin"
    command = ["sh", str(tmp_path / "run.sh")]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
