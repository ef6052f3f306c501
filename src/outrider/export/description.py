"""What is to be deployed: the one description from which every artefact is made."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Final

from outrider.model.errors import Place, UserError
from outrider.taskdef.source import read_text
from outrider.taskdef.yamltree import read_tree

_MIB: Final = "a whole number above 0, of MiB"


def key(default: Any, told: str, form: str, pattern: str = "", instead: str = "") -> Any:
    """A field of the description: ``told`` is its help, ``pattern`` what a text must match, in whole, and ``form``
    the same in words.

    ``instead`` is what to write in place of a default that is a placeholder, which hardly fits anybody.
    """
    return field(default=default, metadata={"told": told, "form": form, "pattern": pattern, "instead": instead})


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """A field without a value is left to the kind, which has its own habit or refuses."""

    name: str = key(
        "outrider",
        "Begins the names of what is made.",
        "up to 42 of a-z, 0-9 and -, with a letter first and no - at the end",
        r"[a-z]([a-z0-9-]{0,40}[a-z0-9])?",
    )
    image: str = key(
        "outrider:latest",
        "Outrider's image, of your registry.",
        "REGISTRY/NAME:TAG, or with @sha256:DIGEST",
        r"[A-Za-z0-9][A-Za-z0-9_./:@-]{0,254}",
        instead="REGISTRY/outrider:TAG",
    )
    base: str = key(
        "python:3.11-slim-bookworm",
        "What Outrider's image is built on: Debian with Python; NAME@sha256:DIGEST for builds that can be repeated.",
        "NAME:TAG, or with @sha256:DIGEST",
        r"[A-Za-z0-9][A-Za-z0-9_./:@-]{0,254}",
    )
    server: str = key(
        "https://outrider.example.com:8444",
        "Where agents reach the server.",
        "https://HOST:PORT",
        r"https://[\w.:\[\]-]+/?",
        instead="https://HOST:8444",
    )
    token_secret: str = key(
        "",
        "Where the platform keeps the join token: an ARN, the name of a secret.",
        "an ARN, or the name of a secret",
        r"[A-Za-z0-9/_+=.@:-]{0,2048}",
    )
    memory: int = key(500, "Most memory that a container of Outrider may have, in MiB.", _MIB)
    memory_reservation: int = key(100, "Memory that is kept for a container of Outrider, in MiB.", _MIB)
    region: str = key(
        "us-east-1", "Region of AWS.", "a region, such as eu-west-1", r"[a-z]{2}(-[a-z]+)+-\d", instead="REGION"
    )
    account: str = key("123456789012", "Account of AWS.", "the account's 12 digits", r"\d{12}", instead="ID")
    cluster: str = key(
        "default", "Cluster of ECS.", "the cluster's name, not its ARN", r"[A-Za-z0-9_][A-Za-z0-9_-]{0,254}"
    )
    namespace: str = key(
        "outrider",
        "Namespace of Kubernetes.",
        "up to 63 of a-z, 0-9 and -, with no - at either end",
        r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?",
    )
    priority_class: str = key(
        "",
        "PriorityClass of the pods of Kubernetes.",
        "the name of a PriorityClass",
        r"([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?)?",
    )


KEYS: Final = {one.name: one for one in fields(Description)}


def describe(given: Mapping[str, str], file: str | None = None) -> Description:
    """The description of ``file`` (YAML: keys and values) with ``given`` on top. Raises UserError with its place."""
    return complete(read_values(given, file))


def read_values(given: Mapping[str, str], file: str | None = None) -> dict[str, Any]:
    """What ``file`` and ``given`` say, by key, without defaults. Raises UserError with its place."""
    values: dict[str, Any] = {}
    if file is not None:
        values |= _of_file(file)
    for name, text in given.items():
        values[name] = _value(name, text, None)
    return values


def complete(values: Mapping[str, Any]) -> Description:
    """A description of what was read. Raises UserError for values that do not go together."""
    made = Description(**values)
    if made.memory_reservation > made.memory:
        raise UserError(
            f"memory_reservation: {made.memory_reservation} MiB are more than memory, {made.memory} MiB",
            fix=f"set memory to {made.memory_reservation} or more, or a smaller memory_reservation too",
        )
    return made


def _of_file(file: str) -> dict[str, Any]:
    text, file = read_text(file)
    tree = read_tree(text, file)
    if not isinstance(tree.value, dict):
        raise UserError("a description is a map of keys and values", Place(file, 1, 1), allowed=list(KEYS))
    found = {}
    for name, (at, node) in tree.members.items():
        place = Place(file, text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at))
        if isinstance(node.value, dict | list):
            raise UserError(f"'{name}' takes one value", place)
        found[name] = _value(name, "" if node.value is None else str(node.value), place)
    return found


def _value(name: str, text: str, place: Place | None) -> Any:
    if name not in KEYS:
        raise UserError(f"'{name}' is no key of a description", place, found=name, allowed=list(KEYS))
    declared = KEYS[name]
    pattern, fix = declared.metadata["pattern"], f"write {declared.metadata['form']}"
    if isinstance(declared.default, int):
        if not re.fullmatch("[0-9]{1,9}", text) or int(text) == 0:
            raise UserError(f"{name}: '{text}' is no number from 1 to 999999999", place, fix=fix)
        return int(text)
    if not text.isprintable() or (pattern and not re.fullmatch(pattern, text, re.ASCII)):
        raise UserError(f"{name}: '{text}' is not possible", place, fix=fix)
    return text
