"""A full disk: batches are refused, never half kept; with room again everything acknowledged is there once."""

from __future__ import annotations

import base64
import os
import ssl
import subprocess
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from outrider.protocols.uplink import Row
from outrider.server import admin

Make = Callable[..., Any]
pytestmark = pytest.mark.root


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    disk = tmp_path / "disk"
    disk.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=100m", "none", str(disk)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        pytest.skip(f"needs the right to mount a small disk: {done.stderr.strip()}")
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)


def test_a_full_disk(small_disk: Path, make_server: Make, make_agent: Make, make_row: Callable[..., Row]) -> None:
    server = make_server("--http", data=small_disk / "data")
    agent = make_agent(server)
    acknowledged = 0
    refused: dict[str, Any] = {}
    for _ in range(200):
        rows = [make_row(base64.b64encode(os.urandom(600)).decode()) for _ in range(1000)]
        status, answer = agent.send(rows)
        if status != 200:
            refused = answer
            break
        acknowledged += len(rows)
    assert refused["error"]["code"] == "disk_full"
    assert "MiB are free" in refused["error"]["message"]
    assert acknowledged
    blind = ssl.create_default_context(cafile=server.ready["ca"])
    with pytest.raises(urllib.error.HTTPError) as health:
        urllib.request.urlopen(f"{server.ingest}/healthz", context=blind, timeout=10)
    assert health.value.code == 503
    assert agent.heartbeat().heartbeat_seconds == 30
    assert server.call("/api/v1/hosts")["hosts"]

    subprocess.run(["mount", "-o", "remount,size=600m", str(small_disk)], check=True)
    assert agent.send([make_row("there is room again")])[0] == 200
    ledger = server.wait_stored()
    assert (ledger["in_store"], ledger["lost"]) == (acknowledged + 1, 0)
    assert admin.list_hosts(server.data)
