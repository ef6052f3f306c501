"""The unit: systemd understands it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from tests.unit.export.kinds.docker_host import described

from outrider.export.kinds import beanstalk, systemd


def test_the_unit_of_systemd_is_understood_and_closed(tmp_path: Path) -> None:
    files = systemd.make(described(memory="300"))
    unit = files["outrider-agent.service"]
    assert "MemoryMax=300M\n" in unit
    assert "OUTRIDER_TOKEN=" not in unit
    syslog = yaml.safe_load(beanstalk.make(described())[".ebextensions/99-outrider-syslog.config"])
    assert files["99-outrider.conf"].endswith(syslog["files"]["/etc/rsyslog.d/99-outrider.conf"]["content"])
    if shutil.which("systemd-analyze") is None:
        pytest.skip("needs systemd-analyze; to run it: apt-get install systemd")
    path = tmp_path / "outrider-agent.service"
    path.write_text(unit.replace("/opt/outrider/bin/outrider agent", "/bin/true"))
    done = subprocess.run(["systemd-analyze", "verify", path], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
