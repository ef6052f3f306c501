"""The configuration that the router includes after a migration: it joins what ``awslogs`` took as one message.

A container gets one filter: two that match the same tag would hand each other their records for ever. What one filter
joins by pattern keeps a line end at every 16 KiB of a longer line.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Final

from msgspec import Struct

from outrider.taskdef.protect.beginnings import continuation

FOLDER: Final = PurePosixPath("/fluent-bit/configs")
"""Where the files are in the router's image."""
FLUSH: Final = 5000
"""Milliseconds for which a message gets no line until it is complete, as in ``awslogs``."""

_SERVICE: Final = """[SERVICE]
    Parsers_File {path}

"""
_PIECES: Final = """[FILTER]
    Name                  multiline
    Match                 {container}-firelens*
    Mode                  partial_message
    Multiline.Key_Content log
"""
_LINES: Final = """[FILTER]
    Name                  multiline
    Match                 {container}-firelens*
    Multiline.Key_Content log
    Multiline.Parser      {container}-lines
    Flush_Ms              {flush}
"""
_PARSER: Final = """[MULTILINE_PARSER]
    Name          {container}-lines
    Type          regex
    Flush_Timeout {flush}
    Rule "start_state" "/{begins}/" "more"
    Rule "more" "/{goes_on}/" "more"
"""


class Stream(Struct, frozen=True):
    """The output of a container; ``begins`` fits the first line of a message, empty where each line is one."""

    container: str
    begins: str = ""


def parsers_name(name: str) -> str:
    """What the parsers file beside the file of this name is called."""
    path = PurePosixPath(name)
    return f"{path.stem}-parsers{path.suffix}"


def configuration(streams: Sequence[Stream], parsers_path: str) -> str:
    """What the router includes; ``parsers_path`` leads to the text of ``parsers``."""
    service = _SERVICE.format(path=parsers_path) if any(stream.begins for stream in streams) else ""
    filters = [
        (_LINES if stream.begins else _PIECES).format(container=stream.container, flush=FLUSH) for stream in streams
    ]
    return service + "\n".join(filters)


def parsers(streams: Sequence[Stream]) -> str:
    """The parsers file; empty if no message has several lines."""
    return "\n".join(
        _PARSER.format(
            container=stream.container, begins=stream.begins, goes_on=continuation(stream.begins), flush=FLUSH
        )
        for stream in streams
        if stream.begins
    )
