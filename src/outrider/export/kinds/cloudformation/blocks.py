"""What both templates have, and values as YAML in block style, with CloudFormation's functions. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

_PLAIN: Final = re.compile(r"[A-Za-z/][A-Za-z0-9_./-]*")
_WORDS: Final = frozenset({"true", "false", "yes", "no", "on", "off", "null", "y", "n"})
"""What YAML reads as something else than a text."""
_WIDTH: Final = 118
PARAMETERS: Final = """\
Parameters:
  Server:
    Type: String
    Default: "%(server)s"
    AllowedPattern: "^https://[^/]+$"
    Description: Where agents reach Outrider's server.
%(token)s
  Cluster:
    Type: String
    Default: default
    Description: Name of the cluster of ECS.
"""
LOG_GROUP: Final = """\
  LogGroup:
    Type: AWS::Logs::LogGroup
    DeletionPolicy: Delete
    UpdateReplacePolicy: Delete
    Properties:
      LogGroupName: %(group)s
      RetentionInDays: %(days)s
"""
ROLE: Final = """\
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Principal:
              Service: ecs-tasks.amazonaws.com
            Action: sts:AssumeRole
      Policies:
"""
"""The beginning of a role of a task, up to its policies."""
EXECUTION_ROLE: Final = f"""\
  ExecutionRole:
{ROLE}        - PolicyName: execution
          PolicyDocument:
%(ExecutionRole)s
"""
TASK_DEFINITION: Final = """\
  TaskDefinition:
    Type: AWS::ECS::TaskDefinition
    Properties:
%(task)s
"""


@dataclass(frozen=True, slots=True)
class Function:
    """A function of CloudFormation's in its short form, such as ``!Ref`` with the name of a parameter."""

    name: str
    text: str


def ref(name: str) -> Function:
    """The value of a parameter, or the name of a resource."""
    return Function("!Ref", name)


def sub(text: str) -> Function:
    """A text with ``${…}`` in it."""
    return Function("!Sub", text)


def attribute(text: str) -> Function:
    """An attribute of a resource: ``Role.Arn``."""
    return Function("!GetAtt", text)


def block(value: Any, indent: int) -> str:
    """A map or a list of scalars and maps as lines that begin so far in, the last one without its end."""
    return "\n".join(" " * indent + line for line in _lines(value, indent))


def _lines(value: Any, indent: int) -> Iterator[str]:
    if isinstance(value, dict):
        for name, member in value.items():
            yield from _member(f"{_text(name)}:", member, indent)
    else:
        for item in value:
            first, *rest = _lines(item, indent + 2) if isinstance(item, dict) and item else [_scalar(item)]
            yield f"- {first}"
            yield from (f"  {line}" for line in rest)


def _member(name: str, value: Any, indent: int) -> Iterator[str]:
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        plain = all(_is_plain(item) for item in value)
        texts = value if plain else [_quoted(item) for item in value]
        one = f"{name} [{', '.join(texts)}]"
        yield from [one] if indent + len(one) <= _WIDTH else _wrapped(name, texts, indent)
    elif isinstance(value, dict | list) and value:
        yield name
        yield from (f"  {line}" for line in _lines(value, indent + 2))
    else:
        yield f"{name} {_scalar(value)}"


def _wrapped(name: str, texts: list[str], indent: int) -> Iterator[str]:
    """A list of texts that takes several lines."""
    yield name
    line = "  ["
    for text in texts:
        if indent + len(line) + len(text) >= _WIDTH and line.strip() != "[":
            yield line.rstrip()
            line = "   "
        line += f"{text}, "
    yield f"{line.removesuffix(', ')}]"


def _scalar(value: Any) -> str:
    if isinstance(value, Function):
        quoted = value.text if value.name != "!Sub" else json.dumps(value.text)
        return f"{value.name} {quoted}"
    return _text(value) if isinstance(value, str) else json.dumps(value)


def _text(text: str) -> str:
    return text if _is_plain(text) else _quoted(text)


def _is_plain(text: str) -> bool:
    return _PLAIN.fullmatch(text) is not None and text.lower() not in _WORDS


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
