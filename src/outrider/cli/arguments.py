"""Fluent Bit's command line, as ``outrider route`` takes it."""

from __future__ import annotations

import getopt
from collections.abc import Sequence
from typing import Final

from msgspec import Struct, field

from outrider.model.errors import Place, UserError
from outrider.pipeline import options
from outrider.pipeline.config.configuration import COMMAND_LINE, Configuration, PluginSection

_SHORT: Final = "b:c:dDf:C:i:m:o:R:F:p:e:t:T:l:vw:qVhJL:HP:s:SWYZ"
_LONG: Final = {
    "storage_path=": "-b",
    "config=": "-c",
    "daemon": "-d",
    "dry-run": "-D",
    "flush=": "-f",
    "custom=": "-C",
    "input=": "-i",
    "filter=": "-F",
    "output=": "-o",
    "match=": "-m",
    "prop=": "-p",
    "tag=": "-t",
    "parser=": "-R",
    "plugin=": "-e",
    "sp-task=": "-T",
    "log_file=": "-l",
    "http": "-H",
    "http_server": "-H",
    "http_listen=": "-L",
    "port=": "-P",
    "http_port=": "-P",
    "coro_stack_size=": "-s",
    "verbose": "-v",
    "quiet": "-q",
    "version": "-V",
    "help": "-h",
    "schema": "-J",
    "workdir=": "-w",
    "enable-hot-reload": "-Y",
    "disable-thread-safety-on-hot-reload": "-W",
    "enable-chunk-trace": "-Z",
    "sosreport": "-S",
    "supervisor": "-supervisor",
    "explain": "-explain",
    "explain-svg=": "-explain-svg",
    "trace": "-trace",
    "trace-input=": "-trace",
    "trace-output=": "-trace",
    "trace-output-property=": "-trace",
    "enable-fips": "-fips",
}
_SECTION_KINDS: Final = {"-i": "input", "-F": "filter", "-o": "output"}
_SERVICE_KEYS: Final = {
    "-b": "storage.path",
    "-f": "flush",
    "-l": "log_file",
    "-L": "http_listen",
    "-P": "http_port",
    "-s": "coro_stack_size",
    "-R": "parsers_file",
}
_REFUSED: Final = {
    "-d": "running in the background is not supported; use a service manager or the container runtime",
    "-C": "custom plugins are not supported",
    "-T": "stream processor tasks are not supported",
    "-S": "the support report is not available",
    "-trace": "chunk tracing is not supported; use a filter stdout to see what passes",
    "-fips": "what OpenSSL may use is decided by its own configuration",
    "-supervisor": "the supervisor is not supported; use a service manager or the container runtime",
}

USAGE: Final = """\
usage: outrider route [OPTION]...

Routes log records, configured as Fluent Bit is.

  -c, --config FILE         configuration, classic or YAML (by its name)
  -i, --input NAME          add an input;  -p and -t after it set its properties
  -F, --filter NAME         add a filter;  -p and -m after it set its properties
  -o, --output NAME         add an output; -p and -m after it set its properties
  -p, --prop KEY=VALUE      property of the plugin named before
  -t, --tag TAG             tag of the input named before
  -m, --match PATTERN       match of the filter or output named before
  -f, --flush SECONDS       seconds between flushes (default 1)
  -R, --parser FILE         parsers file
  -e, --plugin FILE         accepted for plugins that are built in
  -b, --storage_path DIR    directory of the spool
  -l, --log_file FILE       write the log there
  -H, --http_server         monitoring endpoint on; -L ADDRESS, -P PORT
  -w, --workdir DIR         change to this directory first
  -D, --dry-run             check the configuration and end
      --explain             print what the pipeline does with records, and end
      --explain-svg FILE    draw it
  -v, --verbose             tell of chunks, connections and files too (level debug; trace is as debug)
  -q, --quiet               no log
  -V, --version             print the version
  -J, --schema              print every plugin and option as JSON
  -h, --help                print this help; after -i, -F or -o NAME: that plugin's options

Sections of the command line come before those of the file, wherever -c stands.
Signals: SIGTERM and SIGINT deliver what is left within Grace seconds and end; SIGHUP reads the configuration anew.
"""


class Arguments(Struct):
    """The command line as read."""

    config_file: str = ""
    configuration: Configuration = field(default_factory=Configuration)
    dry_run: bool = False
    show: str = ""
    verbose: int = 0
    quiet: bool = False
    workdir: str = ""
    explain: bool = False
    drawing: str = ""
    """File for the drawing."""


def parse(arguments: Sequence[str]) -> Arguments:
    """Read the command line. Raises UserError."""
    try:
        pairs, words = getopt.gnu_getopt(list(arguments), _SHORT, list(_LONG))
    except getopt.GetoptError as error:
        raise UserError(error.msg, Place(COMMAND_LINE), fix="see outrider route --help") from error
    if words:
        raise UserError(f"unexpected argument '{words[0]}'", Place(COMMAND_LINE), fix="see outrider route --help")
    result = Arguments()
    place = Place(COMMAND_LINE)
    current: PluginSection | None = None
    for spelled, value in pairs:
        flag = spelled if not spelled.startswith("--") else _LONG.get(spelled[2:], _LONG.get(f"{spelled[2:]}=", ""))
        if flag in _SECTION_KINDS:
            current = PluginSection(_SECTION_KINDS[flag], [options.Property("name", value, place)], place)
            result.configuration.sections.append(current)
        elif flag in ("-m", "-t", "-p"):
            _property(flag, value, current)
        elif flag in _SERVICE_KEYS:
            result.configuration.service.append(options.Property(_SERVICE_KEYS[flag], value, place))
        elif flag in _REFUSED:
            raise UserError(f"{spelled}: {_REFUSED[flag]}", place)
        else:
            _switch(flag, value, result, current)
    return result


def _property(flag: str, value: str, section: PluginSection | None) -> None:
    place = Place(COMMAND_LINE)
    if section is None:
        raise UserError(f"{flag} {value} comes before any -i, -F or -o", place, fix="name the plugin first")
    if flag == "-m":
        if section.kind != "input":
            section.properties.append(options.Property("match", value, place))
        return
    if flag == "-t":
        section.properties.append(options.Property("tag", value, place))
        return
    key, equals, text = value.partition("=")
    if not equals:
        raise UserError(f"-p {value} is not KEY=VALUE", place)
    section.properties.append(options.Property(key.strip().lower(), text.strip(), place))


def _switch(flag: str, value: str, result: Arguments, current: PluginSection | None) -> None:
    place = Place(COMMAND_LINE)
    match flag:
        case "-c":
            result.config_file = value
        case "-D":
            result.dry_run = True
        case "-explain":
            result.explain = True
        case "-explain-svg":
            result.drawing = value
        case "-V":
            result.show = "version"
        case "-J":
            result.show = "schema"
        case "-h":
            result.show = f"{current.kind} {current.properties[0].value}" if current else "help"
        case "-v":
            result.verbose += 1
        case "-q":
            result.quiet = True
        case "-w":
            result.workdir = value
        case "-e":
            result.configuration.objects.append(options.Property("path", value, place))
        case "-H":
            result.configuration.service.append(options.Property("http_server", "on", place))
        case "-Y":
            result.configuration.service.append(options.Property("hot_reload", "on", place))
        case "-W" | "-Z":
            pass  # accepted: what they switch is not there
        case _:
            raise AssertionError(flag)
