"""The edit of a YAML configuration, in its text: comments, order and spelling stay.

Needs PyYAML, which is imported only here and only when a configuration is YAML.
Source: Fluent Bit 5.1.1: ``service`` is a map, ``pipeline`` has lists of maps; names count in any case of letters.
"""

from __future__ import annotations

import importlib
import json
import re
from typing import Any

from outrider.launcher.arguments import Change
from outrider.model.errors import Place, UserError

EXTENSIONS = (".yaml", ".yml")
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_./-]*|[0-9]+")
_BOOLEANS = re.compile(r"(?i:y|n|yes|no|on|off|true|false|null)")


def change_yaml(text: str, file: str, changes: list[Change]) -> tuple[str, list[str]]:
    """``text`` with the changes, and what the user may want to know. Raises UserError for what is not YAML."""
    notes: list[str] = []
    for change in changes:
        root = _compose(text, file)
        nodes = _sections(root, change.kind)
        if nodes:
            # From the end of the file, so that the positions of those before stay true.
            for node in sorted(nodes, key=lambda node: node.start_mark.index, reverse=True):
                text = _set(text, node, change)
        elif change.kind == "service":
            text = _add_service(text, root, change)
        else:
            notes.append(f"no {change.kind} of the pipeline takes {change.key} {change.value}")
    return text, notes


def _compose(text: str, file: str) -> Any:
    try:
        yaml: Any = importlib.import_module("yaml")
    except ImportError as error:
        raise UserError(
            f"{file} is YAML, and this launcher runs without PyYAML", fix="give a classic configuration, or add PyYAML"
        ) from error
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = Place(file, mark.line + 1, mark.column + 1) if mark else Place(file)
        raise UserError(f"not YAML: {error.problem or error.context}", place) from error
    except yaml.YAMLError as error:
        raise UserError(f"not YAML: {error}", Place(file)) from error
    if not isinstance(root, yaml.MappingNode):
        raise UserError("a YAML configuration is a map with service and pipeline", Place(file, 1, 1))
    return root


def _member(node: Any, name: str) -> Any:
    """The value of a key of a map, the last one if it is there twice; None if it is not there."""
    found = [value for key, value in getattr(node, "value", ()) if str(key.value).lower() == name.lower()]
    return found[-1] if found else None


def _sections(root: Any, kind: str) -> list[Any]:
    if kind == "service":
        service = _member(root, "service")
        return [service] if service is not None and service.id == "mapping" and service.value else []
    pipeline = _member(root, "pipeline")
    listed = _member(pipeline, f"{kind}s") if pipeline is not None and pipeline.id == "mapping" else None
    if listed is None or listed.id != "sequence":
        return []
    # An alias is the same node again, which is to be changed once.
    return list({id(node): node for node in listed.value if node.id == "mapping" and node.value}.values())


def _scalar(value: str) -> str:
    return (
        value if _PLAIN.fullmatch(value) and not _BOOLEANS.fullmatch(value) else json.dumps(value, ensure_ascii=False)
    )


def _set(text: str, node: Any, change: Change) -> str:
    old = _member(node, change.key)
    if old is not None:
        return text[: old.start_mark.index] + _scalar(change.value) + text[old.end_mark.index :]
    start = node.value[0][0].start_mark
    pair = f"{_scalar(change.key)}: {_scalar(change.value)}"
    between = ", " if node.flow_style else "\n" + " " * start.column
    return text[: start.index] + pair + between + text[start.index :]


def _add_service(text: str, root: Any, change: Change) -> str:
    pair = f"{_scalar(change.key)}: {_scalar(change.value)}"
    empty = _member(root, "service")
    if empty is not None:
        return text[: empty.start_mark.index] + " { " + pair + " }" + text[empty.end_mark.index :]
    if not root.value:
        return f"service: {{ {pair} }}\n"
    start = root.value[0][0].start_mark
    if root.flow_style:
        added = f'"service": {{{pair}}}, '
    else:
        added = f"service:\n{' ' * (start.column + 4)}{pair}\n{' ' * start.column}"
    return text[: start.index] + added + text[start.index :]
