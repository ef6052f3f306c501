"""Files that hold task definitions: JSON and YAML, what ``sources`` reads, and CloudFormation templates, also CDK's.

In a template members have CloudFormation's spelling (``ContainerDefinitions``); here they read as ECS spells them, and
each value keeps its place. What an intrinsic function stands for is ``UNKNOWN``, unless the template says it itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

from outrider.model.errors import Place, UserError
from outrider.taskdef import jsontree, yamltree
from outrider.taskdef.conversions import converted
from outrider.taskdef.jsontree import Node, place_of
from outrider.taskdef.shape import UNKNOWN, Path, TaskDefinition, check_shape
from outrider.taskdef.source import Source, TaskSource, is_task, read_neighbour, read_text, task_in
from outrider.taskdef.sources.compose import is_compose, task_in_compose
from outrider.taskdef.sources.copilot import is_manifest, task_in_manifest
from outrider.taskdef.sources.reading import ReadOnlySource
from outrider.taskdef.sources.terraform import (
    Neighbour,
    is_plan,
    is_terraform,
    tasks_in_plan,
    tasks_in_terraform,
)
from outrider.taskdef.yamlsource import YamlSource

RESOURCE: Final = "AWS::ECS::TaskDefinition"
_VERBATIM: Final = frozenset({"options", "dockerLabels", "driverOpts", "labels"})
"""Members whose own members are the user's words."""
_ODD: Final = {
    "EFSVolumeConfiguration": "efsVolumeConfiguration",
    "FSxWindowsFileServerVolumeConfiguration": "fsxWindowsFileServerVolumeConfiguration",
    "IAM": "iam",
    "ProxyConfigurationProperties": "properties",
    "S3FilesVolumeConfiguration": "s3filesVolumeConfiguration",
}
"""Members whose spelling differs by more than the first letter."""
_SERVICES: Final = re.compile(r"^[\"']?services[\"']?[ \t]*:", re.MULTILINE)
"""What Compose files have; merge keys are read in them alone."""
_PUT_TOGETHER: Final = re.compile(r"<(?:Ref|Fn::[A-Za-z0-9]+)(?: [^>]*)?>")
"""An ``OpenText`` in another text."""
_ODD_PASCAL: Final = {camel: pascal for pascal, camel in _ODD.items()}


class OpenText(str):
    """What one calls a text that a ``function`` of CloudFormation gives. It is written as that function."""

    __slots__ = ("function",)

    def __new__(cls, function: dict[str, Any]) -> OpenText:
        """``function`` is written as in the file."""
        ((name, argument),) = function.items()
        found = super().__new__(cls, f"<{name} {argument}>" if isinstance(argument, str) else f"<{name}>")
        found.function = function
        return found

    function: dict[str, Any]


@dataclass(frozen=True, slots=True)
class TemplateSource(TaskSource):
    """A template's task definition; ``base`` leads to its properties."""

    @property
    def task(self) -> TaskDefinition:
        """See TaskSource."""
        return self.read()

    def read(self) -> TaskDefinition:
        """The task definition, UNKNOWN where functions give values. Raises UserError with the place."""
        value: Any = self.source.value
        for step in self.base:
            value = value[step]
        return check_shape(converted(_read(value)), self.place)

    def place(self, path: Path) -> Place:
        """See TaskSource."""
        return self.source.place((*self.base, *self._spelled(path)))

    def span(self, path: Path) -> tuple[int, int]:
        """See TaskSource."""
        return self.source.span((*self.base, *self._spelled(path)))

    def append(self, path: Path, value: Any) -> TaskSource:
        """See TaskSource."""
        spelled = self._editable(path)
        return replace(self, source=self.source.append((*self.base, *spelled), self._written(value, spelled)))

    def set(self, path: Path, key: str, value: Any) -> TaskSource:
        """See TaskSource. Raises UserError where a function gives the old value."""
        spelled = self._editable((*path, key))
        written = self._written(value, spelled)
        return replace(self, source=self.source.set((*self.base, *spelled[:-1]), str(spelled[-1]), written))

    def rename(self, path: Path, key: str, name: str) -> TaskSource:
        """See TaskSource."""
        *above, old = self._spelled((*path, key))
        _ = self._editable(path)
        new = self._spelled((*path, name))[-1]
        return replace(self, source=self.source.rename((*self.base, *above), str(old), str(new)))

    def remove(self, path: Path) -> TaskSource:
        """See TaskSource."""
        _ = self._editable(path[:-1])
        return replace(self, source=self.source.remove((*self.base, *self._spelled(path))))

    def function_at(self, path: Path) -> dict[str, Any]:
        """The function that stands at this path or gives something above it; empty if there is none."""
        value: Any = self.source.value
        for step in (*self.base, *self._spelled(path)):
            if function_of(value) or (isinstance(step, str) and step not in value):
                break
            value = value[step]
        return value if function_of(value) else {}

    def function(self, path: Path) -> str:
        """Its name."""
        return function_of(self.function_at(path))

    def _written(self, value: Any, path: list[str | int]) -> Any:
        """A value as the template has it. Raises UserError if it is put together of what is open."""
        for name, text in _texts(value, path[-1]):
            if found := _PUT_TOGETHER.search(text):
                raise UserError(
                    f"{name} would be put together of {found[0]}",
                    self.source.place((*self.base, *path)),
                    fix="write the value in the place of the function, or edit the template by hand",
                )
        return _spell(value, path)

    def _editable(self, path: Path) -> list[str | int]:
        """The path as it is spelled. Raises UserError where a function stands on the way or at its end."""
        spelled = self._spelled(path)
        value: Any = self.source.value
        for depth, step in enumerate((*self.base, *spelled, None), -len(self.base)):
            name = function_of(value)
            if name and depth >= 0:
                raise UserError(
                    f"{name} gives the value that is to be edited",
                    self.source.place((*self.base, *spelled[:depth])),
                    fix="write the value in its place, or edit it by hand",
                )
            try:
                value = value[step]
            except (KeyError, IndexError, TypeError):
                break
        return spelled

    def _spelled(self, path: Path) -> list[str | int]:
        found: list[str | int] = []
        for step in path:
            found.append(step if isinstance(step, int) or _is_verbatim(found) else _pascal(step))
        return found


def alone(_file: str, _path: str) -> None:
    """The ``Neighbour`` of a text without a place: what other files hold is open."""


def tasks_in(text: str, file: str, neighbour: Neighbour = alone) -> list[TaskSource]:
    """The task definitions in a text. Raises UserError with line and column if there is none.

    ``neighbour`` reads the files that Terraform's ``file`` and ``templatefile`` name.
    """
    if is_terraform(text, file):
        return tasks_in_terraform(text, file, neighbour)
    is_json = text.lstrip("\ufeff \t\r\n")[:1] in ("", "{", "[")
    merge = _SERVICES.search(text) is not None
    roots = [jsontree.read_tree(text, file)] if is_json else yamltree.read_trees(text, file, merge=merge)
    if len(roots) > 1:
        return _in_documents(text, file, roots)
    (root,) = roots
    if is_plan(root.value):
        return tasks_in_plan(text, file, root)
    source = Source(text, file, lambda *_: root) if is_json else YamlSource(text, file, lambda *_: root)
    if is_compose(root.value):
        return [task_in_compose(ReadOnlySource(text, file, lambda *_: root), root)]
    if is_manifest(root.value):
        return [task_in_manifest(ReadOnlySource(text, file, lambda *_: root), root)]
    return _in_template(source) if _is_template(root.value) else [task_in(source)]


def read_tasks(path: str) -> list[TaskSource]:
    """The task definitions in a file, or in standard input if ``path`` is ``-``. Raises UserError."""
    text, file = read_text(path)
    return tasks_in(text, file, read_neighbour)


def _in_documents(text: str, file: str, roots: list[Node]) -> list[TaskSource]:
    """Those of a file of several documents; the ones that hold other things are left alone."""
    found: list[TaskSource] = []
    families = [_family(root.value) for root in roots]
    titles = [
        family if family and families.count(family) == 1 else f"document {number}"
        for number, family in enumerate(families, 1)
    ]
    for number, root in enumerate(roots):
        source = YamlSource(text, file, lambda *_, root=root: root, number, titles[number])
        value: Any = root.value
        if _is_template(value) and list(_resources(value["Resources"])):
            found += _in_template(source)
        elif is_task(root.value):
            found.append(task_in(source))
    if not found:
        place = place_of(text, roots[0].start, file)
        raise UserError(
            f"none of the file's {len(roots)} documents is a task definition", place, fix="give one that is"
        )
    return found


def spelled(task: TaskDefinition) -> dict[str, Any]:
    """A task definition as the properties of CloudFormation's resource."""
    found: dict[str, Any] = _spell(task, [])
    return found


def _family(value: Any) -> str:
    inner = value.get("taskDefinition", value) if isinstance(value, dict) else {}
    family = inner.get("family") if isinstance(inner, dict) else None
    return family if isinstance(family, str) else ""


def _is_template(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("Resources"), dict)


def _in_template(source: Source) -> list[TaskSource]:
    value: Any = source.value
    found = [TemplateSource(source, ("Resources", name, "Properties")) for name in _resources(value["Resources"])]
    if not found:
        raise UserError(
            f"the template has no {RESOURCE}",
            source.place(("Resources",)),
            fix="give the template that defines the task",
        )
    for task in found:
        _ = task.task
    return list(found)


def _resources(resources: dict[str, Any]) -> Iterator[str]:
    for name, resource in resources.items():
        of_type = isinstance(resource, dict) and resource.get("Type") == RESOURCE
        if of_type and isinstance(resource.get("Properties"), dict):
            yield name


def _read(value: Any, *, verbatim: bool = False) -> Any:
    """A value of a template as ECS would spell it, with functions resolved or UNKNOWN."""
    if isinstance(value, list):
        items = [_read(item, verbatim=verbatim) for item in value]
        return [UNKNOWN if item is None else item for item in items]
    if not isinstance(value, dict):
        return value
    if name := function_of(value):
        return _resolved(name, value[name])
    return {
        key if verbatim else _camel(key): _read(member, verbatim=not verbatim and _camel(key) in _VERBATIM)
        for key, member in value.items()
    }


def function_of(value: Any) -> str:
    """The name of the function of CloudFormation that gives this value; empty if it is a plain value."""
    if isinstance(value, dict) and len(value) == 1:
        (name,) = value
        return name if name == "Ref" or name.startswith("Fn::") else ""
    return ""


def _resolved(name: str, argument: Any) -> Any:
    if (name, argument) == ("Ref", "AWS::NoValue"):
        return None
    if name == "Fn::Sub" and isinstance(argument, str) and "${" not in argument.replace("${!", ""):
        return argument.replace("${!", "${")
    if name == "Fn::Join" and isinstance(argument, list) and len(argument) == 2 and isinstance(argument[1], list):
        parts = [_read(part) for part in argument[1]]
        if isinstance(argument[0], str) and all(isinstance(part, str) for part in parts):
            return argument[0].join(parts)
    return UNKNOWN


def _texts(value: Any, name: str | int) -> Iterator[tuple[str | int, str]]:
    """Plain texts in a value, each with the name or position that it goes by."""
    if isinstance(value, str) and not isinstance(value, OpenText):
        yield name, value
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        yield from _texts(child, key)


def _spell(value: Any, path: list[str | int]) -> Any:
    """A value as CloudFormation spells it where it is put at ``path``."""
    if isinstance(value, OpenText):
        return value.function
    if isinstance(value, list):
        return [_spell(item, [*path, place]) for place, item in enumerate(value)]
    if not isinstance(value, dict):
        return value
    verbatim = _is_verbatim(path)
    members = {key if verbatim else _pascal(key): member for key, member in value.items()}
    return {key: _spell(member, [*path, key]) for key, member in members.items()}


def _is_verbatim(path: list[str | int]) -> bool:
    """Whether the members of what stands at this path are the user's words."""
    return bool(path) and isinstance(path[-1], str) and _camel(path[-1]) in _VERBATIM


def _camel(name: str) -> str:
    if name == "FilesystemId":  # so in EFSVolumeConfiguration alone
        return "fileSystemId"
    return _ODD.get(name) or name[:1].lower() + name[1:]


def _pascal(name: str) -> str:
    return _ODD_PASCAL.get(name) or name[:1].upper() + name[1:]
