"""The launcher's command line.

Read by hand: a value may begin with a hyphen, no option may be abbreviated, and the usual mistake, a missing ``--``
before the router's own arguments, deserves a precise answer.
"""

from __future__ import annotations

import difflib
import json
import re
import shlex
from dataclasses import dataclass, field
from typing import Final, NoReturn

from outrider.model.errors import UserError

RUN_PATH: Final = "/fluent-bit/bin/fluent-bit"
IN_CONFIG: Final = "/fluent-bit/etc/fluent-bit.conf"
OWN_COMMAND: Final = "outrider"
OUT_CONFIG: Final = "/var/alertlogic/lib/fluent-bit/fluent-bit.conf"

HELP: Final = f"""\
usage: fluent-launch [OPTION]... [-- ARGUMENT...]

Changes a Fluent Bit configuration and runs the log router on the result.

  -r, --run-path PATH        executable to run, or its name if it is found on PATH;
                             {OWN_COMMAND} stands for '{OWN_COMMAND} route'
                             (default {RUN_PATH})
  -c, --in-config PATH       configuration to read, classic or YAML
                             (default {IN_CONFIG})
  -m, --out-config PATH      changed configuration to write and to run with
                             (default {OUT_CONFIG},
                             or in /var/outrider/lib/fluent-bit, /dev/shm, /run or /tmp
                             if that cannot be written)
  -i, --input KEY VALUE      set KEY in each [INPUT] section
  -f, --filter KEY VALUE     set KEY in each [FILTER] section
  -o, --output KEY VALUE     set KEY in each [OUTPUT] section
  -s, --service KEY VALUE    set KEY in the [SERVICE] section, which is added if there is none
      --print                print the changed configuration, write and run nothing
      --diff                 print what changes as a unified diff, write and run nothing
      --check                say whether the configuration can be read and changed, write and run nothing
      --version              print the version
  -h, --help                 print this help
  --                         give whatever follows to the executable, after -c OUT-CONFIG

-i, -f, -o and -s may be repeated. A KEY that a section has, in any case of letters, gets the new value and keeps its
spelling. Sections in files that the configuration includes are changed too: such a file stays as it is, and its changed
copy goes beside OUT-CONFIG, which then includes the copy.

example:
  fluent-launch -s Scheduler.Cap 60 -i Mem_Buf_Limit 50M -- -o stdout -m '*'
  fluent-launch -c fluent-bit.conf -i Mem_Buf_Limit 50M --diff
"""

KINDS: Final = ("input", "filter", "output", "service")
_PATHS: Final = {"-r": "run_path", "-c": "in_config", "-m": "out_config"}
_LONG: Final = {
    **{f"--{name.replace('_', '-')}": short for short, name in _PATHS.items()},
    **{f"--{kind}": f"-{kind[0]}" for kind in KINDS},
    "--help": "-h",
}
_WANTED: Final = ("version", "print", "diff", "check")
_NAMES: Final = (*_LONG, *(f"--{name}" for name in _WANTED))
_FLAGS: Final = {"-h": "help", **{f"--{name}": name for name in _WANTED}}
_OPTION: Final = re.compile(r"-[A-Za-z]$|--[a-z]")
"""What looks like an option rather than a value: ``-m``, ``--match``, but not ``-1`` or ``-5m``."""
_DASHES: Final = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212"


@dataclass(frozen=True, slots=True)
class Change:
    """Set ``key`` to ``value`` in each section of ``kind``."""

    kind: str
    key: str
    value: str


@dataclass(slots=True)
class Arguments:
    """``rest`` is for the executable; ``wanted`` is ``help``, ``version``, ``print`` … instead of running it."""

    run_path: str = RUN_PATH
    in_config: str = IN_CONFIG
    out_config: str | None = None
    changes: list[Change] = field(default_factory=list)
    rest: list[str] = field(default_factory=list)
    wanted: str = ""


def parse_arguments(words: list[str]) -> Arguments:
    """Read the words after the program's name. Raises UserError, with a corrected command line where there is one."""
    found = Arguments()
    at = 0
    while at < len(words):
        word = words[at]
        if word == "--":
            found.rest = words[at + 1 :]
            break
        option, value = _split(word)
        if option in _PATHS:
            values = [value] if value is not None else _values(words, at, 1, "PATH")
            setattr(found, _PATHS[option], _path(word, values[0]))
            at += 1 if value is not None else 2
        elif option in ("-i", "-f", "-o", "-s") and value is None:
            key, text = _values(words, at, 2, "KEY VALUE")
            found.changes.append(Change(next(kind for kind in KINDS if kind[0] == option[1]), key, text))
            at += 3
        elif option in _FLAGS and value is None:
            found.wanted = found.wanted or _FLAGS[option]
            at += 1
        else:
            _unknown(words, at)
    return found


def _split(word: str) -> tuple[str, str | None]:
    """The option's short name, and a value that is written in the same word (``--run-path=X``, ``-rX``)."""
    if word.startswith("--"):
        name, equals, value = word.partition("=")
        return _LONG.get(name, name), value if equals else None
    if word[:2] in _PATHS and len(word) > 2:
        return word[:2], word[2:]
    return word, None


def _path(option: str, value: str) -> str:
    if not value or "\0" in value:
        raise UserError(f"{option} has an empty path", fix="give a path")
    return value


def _values(words: list[str], at: int, count: int, names: str) -> list[str]:
    values = words[at + 1 : at + 1 + count]
    for value in values:
        if value == "--":
            raise UserError(f"{words[at]} needs {names} before --", fix=f"write {words[at]} {names}")
        if _OPTION.match(value):
            # '-o syslog -m' is the router's way to write: the value of ours is missing because it was meant for it.
            _forgotten(words, at, f"{words[at]} needs {names}, and '{value}' looks like an option")
    if len(values) < count:
        raise UserError(f"{words[at]} needs {names}, the command line ends", fix=f"write {words[at]} {names}")
    return values


def _unknown(words: list[str], at: int) -> NoReturn:
    word = words[at]
    if word and all(letter in _DASHES or letter == "-" for letter in word):
        corrected = [*words[:at], "--", *words[at + 1 :]]
        raise UserError(
            f"'{word}' is not two hyphens, though it looks like it",
            fix=f"type -- yourself; {_command(corrected)}",
        )
    if word.startswith("--") and "--" in words[at:]:
        raise UserError(f"unknown option '{word}'", found=word, allowed=_NAMES)
    message = f"'{word}' is no argument of the launcher"
    near = difflib.get_close_matches(word.partition("=")[0], _NAMES, 1, 0.7) if word.startswith("--") else []
    _forgotten(words, at, f"{message}; did you mean '{near[0]}'? If it is for the log router" if near else message)


def _forgotten(words: list[str], at: int, message: str) -> NoReturn:
    if "--" in words[at:]:
        raise UserError(message, fix="see fluent-launch --help; only what follows -- goes to the log router")
    raise UserError(
        f"{message}: '--' is missing before the arguments of the log router",
        fix=_command([*words[:at], "--", *words[at:]]),
    )


def _command(words: list[str]) -> str:
    listed = json.dumps(words, ensure_ascii=False)
    return f'run: fluent-launch {shlex.join(words)}\n  in a task definition: "command": {listed}'
