"""The tail input in a real pipeline: every line is accounted for."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from tests.helpers import HERE, section

from outrider.pipeline.config import build
from outrider.pipeline.config.configuration import Configuration
from outrider.pipeline.log import Log, Sink
from outrider.pipeline.options import Property

LINES = 30_000


async def run(tmp_path: Path, **options: Any) -> Any:
    """The ledger's numbers when every file has been read to its end."""
    configuration = Configuration(
        sections=[
            section("input", name="tail", read_from_head="on", exit_on_eof="on", path=f"{tmp_path}/*.log", **options),
            section(
                "output", name="file", match="*", path=tmp_path, file="out.txt", format="template", template="{log}"
            ),
        ],
        service=[
            Property("flush", "0.01", HERE),
            Property("grace", "30", HERE),
            Property("storage.path", f"{tmp_path}/spool", HERE),
        ],
    )
    log = Log(Sink(level=0), "test")
    service = build.read_service(configuration, {}, log)
    engine = build.engine(build.plan(configuration, service, {}, log))
    async with asyncio.timeout(60):
        await engine.run()
    assert engine.ledger.faults() == []
    return engine.ledger.snapshot()


@pytest.mark.parametrize("storage", ["memory", "filesystem"])
async def test_more_than_there_is_room_for(tmp_path: Path, storage: str) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.log").write_text("".join(f"{name} {number}\n" for number in range(LINES)))
    found = await run(tmp_path, mem_buf_limit="300k", storage__type=storage, db=tmp_path / "x.db")
    assert found["outputs"]["file.0"]["delivered"] == 2 * LINES
    lines = (tmp_path / "out.txt").read_text().splitlines()
    for name in ("a", "b"):
        assert [line for line in lines if line[0] == name] == [f"{name} {number}" for number in range(LINES)]


@pytest.mark.parametrize(
    ("options", "delivered"),
    [
        ({"skip_empty_lines": "on"}, 4),
        ({"skip_long_lines": "on", "buffer_max_size": "1000"}, 5),
        ({"parser": "logfmt", "path_key": "p", "offset_key": "o"}, 6),
        ({"multiline__parser": "python, go"}, 6),
        ({"truncate_long_lines": "on", "buffer_max_size": "1000", "key": "log"}, 6),
    ],
)
async def test_odd_lines_are_counted_as_they_are(tmp_path: Path, options: Any, delivered: int) -> None:
    (tmp_path / "a.log").write_bytes(b"\0\0one\r\n\n" + b"x" * 5000 + b"\n\n\xff\xfe\nlast")
    found = await run(tmp_path, **options)
    assert found["outputs"]["file.0"]["delivered"] == delivered
