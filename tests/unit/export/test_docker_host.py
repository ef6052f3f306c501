"""What the kinds for a Docker host share: the configuration in the image."""

from __future__ import annotations

from pathlib import Path

from outrider.agent import settings
from outrider.agent.source import Source
from outrider.pipeline.log import Log, Sink

CONFIG = Path(__file__).resolve().parents[3] / "tools" / "image" / "docker-host.yaml"


def test_the_configuration_in_the_image_is_understood(tmp_path: Path) -> None:
    found = settings.read({"OUTRIDER_STATE": str(tmp_path), "OUTRIDER_CONFIG": str(CONFIG)}, {})
    _, plan = Source(found, Log(Sink(level=0), "test")).first()
    assert [type(item.plugin).__name__ for item in plan.of_kind("input")] == ["Tail", "Forward", "Syslog", "Syslog"]
    assert {item.core.storage_type for item in plan.of_kind("input")} == {"filesystem"}
    assert {item.core.listen for item in plan.of_kind("input")} - {""} == {"127.0.0.1"}
