"""The file of Compose: the container that the script starts."""

from __future__ import annotations

import shlex
from pathlib import Path

import yaml
from tests.unit.export.kinds.docker_host import described, started

from outrider.export.docker_host import LOGS, STATE
from outrider.export.kinds import compose


def test_compose_is_what_docker_run_is(tmp_path: Path) -> None:
    """Both start the same container; only the token goes another way."""
    file = yaml.safe_load(compose.make(described(name="shop"))["compose.yaml"])
    service = file["services"]["shop-agent"]
    words = shlex.split(started(tmp_path, described(name="shop"), OUTRIDER_TOKEN="t").stdout)
    given = dict(word.split("=", 1) for word in words if word.startswith("OUTRIDER_") and "=" in word)
    assert service["environment"] == given | {"OUTRIDER_TOKEN_FILE": "/run/secrets/outrider-token"}
    assert service["user"] == words[words.index("--user") + 1] == "0:0"
    assert [mount["target"] for mount in service["volumes"]] == [STATE, LOGS]
    assert (service["mem_limit"], service["mem_reservation"]) == ("500m", "100m")
    assert file["volumes"] == {"state": {"name": "shop-state"}}
