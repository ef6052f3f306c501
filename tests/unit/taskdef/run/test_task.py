"""What a run looks at before it starts."""

from __future__ import annotations

from pathlib import Path

import pytest

from outrider.model.errors import UserError
from outrider.taskdef.run.local import Layout
from outrider.taskdef.run.plan import Planned, Role
from outrider.taskdef.run.task import require_included
from outrider.taskdef.shape import nowhere

LAYOUT = Layout("127.1.2.3", "/t/config/fluent.conf", "/t/config/launched.conf", "/t/fluent.sock", "/t/bin/fluent-bit")


def router(value: str, kind: str = "file") -> Planned:
    options = {"config-file-type": kind, "config-file-value": value}
    return Planned({"name": "router", "firelensConfiguration": {"options": options}}, Role.ROUTER, (), {})


def test_a_file_of_the_routers_image_is_not_here(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="which is in its image") as caught:
        require_included(router(f"{tmp_path}/extra.conf"), LAYOUT, nowhere)
    assert "run the router in Docker" in caught.value.fix


def test_files_that_are_here(tmp_path: Path) -> None:
    (tmp_path / "extra.conf").touch()
    for value in (f"{tmp_path}/extra.conf", "/fluent-bit/configs/parse-json.conf"):
        require_included(router(value), LAYOUT, nowhere)
    require_included(router("arn:aws:s3:::bucket/extra.conf", "s3"), LAYOUT, nowhere)
    require_included(Planned({"firelensConfiguration": {}}, Role.ROUTER, (), {}), LAYOUT, nowhere)
