"""The program: read, change, write, execute."""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import sys

from outrider import __version__
from outrider.launcher import tree
from outrider.launcher.arguments import (
    HELP,
    IN_CONFIG,
    OUT_CONFIG,
    OWN_COMMAND,
    RUN_PATH,
    Arguments,
    parse_arguments,
)
from outrider.launcher.output import choose_folder, fallback_path, mode_for, write_config
from outrider.launcher.show import check_text, diff_text, print_text
from outrider.launcher.tree import Member, Written
from outrider.model.errors import UserError
from outrider.net.files import ConfigurationFiles

USAGE_STATUS = 2
NOT_EXECUTABLE_STATUS = 126
NOT_FOUND_STATUS = 127
SIZE_LIMIT = 4 * 1024 * 1024
"""Longest file in characters; devices have no end."""
STANDARD_OUTPUT = 1
STANDARD_ERROR = 2


def main(argv: list[str] | None = None) -> int:
    """Run the launcher; does not return if it succeeds. Gives 2 for what the user can correct, else 126 or 127."""
    try:
        arguments = parse_arguments(sys.argv[1:] if argv is None else argv)
        if arguments.wanted == "help":
            return _show(HELP)
        if arguments.wanted == "version":
            return _show(f"fluent-launch {__version__}\n")
        members, written = _changed(arguments)
        if arguments.wanted == "print":
            return _show(print_text(written))
        if arguments.wanted == "diff":
            return _show(diff_text(written))
        if arguments.wanted == "check":
            return _show(check_text(arguments.in_config, len(members), len(written)))
        for one in written:
            write_config(one.path, one.text, mode_for(one.path, one.original_path))
    except UserError as error:
        _say(str(error))
        return USAGE_STATUS
    return _execute(arguments, written[-1].path)


def _show(text: str) -> int:
    try:
        _write(STANDARD_OUTPUT, text)
    except OSError as error:
        raise UserError(f"cannot write to standard output: {error.strerror}") from error
    return 0


def _say(message: str) -> None:
    with contextlib.suppress(OSError):  # nobody listens, and the router shall run
        _write(STANDARD_ERROR, f"fluent-launch: {message}\n")


def _write(descriptor: int, text: str) -> None:
    with open(descriptor, "wb", closefd=False) as stream:
        stream.write(text.encode("utf-8", "surrogateescape"))


def _changed(arguments: Arguments) -> tuple[list[Member], list[Written]]:
    """The files of the configuration, and those that are to be written, the main file last."""
    files = ConfigurationFiles(limit=SIZE_LIMIT)
    members = tree.read(arguments.in_config, _read(arguments.in_config, files), files)
    for note in tree.change(members, arguments.changes):
        _say(note)
    path, obstacle = _out_path(arguments)
    folder = os.path.dirname(path)

    def name(member: Member, number: int, text: str) -> str:
        if obstacle:
            return fallback_path(folder, text, member.path if number else path)
        stem = os.path.splitext(path)[0]
        return f"{stem}-{number}-{os.path.basename(member.path)}" if number else path

    written = tree.settle(members, folder, name, files)
    if obstacle:
        _say(f"cannot write in {obstacle}; the changed configuration is {written[-1].path}")
    return members, written


def _out_path(arguments: Arguments) -> tuple[str, str]:
    """Where the result goes, and why it is a shared folder (empty if it is not), where the name is to be made unique.

    The extension tells the router the language, so it must be that of the original.
    """
    yaml = tree.is_yaml(arguments.in_config)
    given = arguments.out_config
    if given is not None:
        if tree.is_yaml(given) != yaml:
            language = "YAML" if yaml else "classic"
            raise UserError(
                f"{arguments.in_config} is {language}, and the router would not read {given} as such",
                fix=f"give -m a name that ends in {'.yaml' if yaml else '.conf'}",
            )
        return given, ""
    default = os.path.splitext(OUT_CONFIG)[0] + ".yaml" if yaml else OUT_CONFIG
    if arguments.wanted:
        return default, ""
    folder, obstacle = choose_folder(default)
    return os.path.join(folder, os.path.basename(default)), obstacle


def _read(path: str, files: ConfigurationFiles) -> str:
    try:
        return files.read(path)
    except OSError as error:
        fix = "give -c PATH"
        if path == IN_CONFIG:
            fix += "; ECS makes this file only in a container that has a firelensConfiguration"
        raise UserError(f"cannot read the configuration {path}: {error.strerror}", fix=fix) from error


def _execute(arguments: Arguments, path: str) -> int:
    program = arguments.run_path
    # Python ignores these two, and what is ignored stays so in the program that is executed.
    for number in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_DFL)
    try:
        # Outrider's router is a command of a command; a generated task runs it through a script of one word.
        words = ["route"] if os.path.basename(program) == OWN_COMMAND else []
        os.execvp(program, [program, *words, "-c", path, *arguments.rest])
    except OSError as error:
        reason = error.strerror or str(error)
        fix = "give -r PATH, the log router's executable, or its name if it is found on PATH"
        if program == RUN_PATH:
            fix += "; outside its image, -r outrider runs Outrider's router"
        missing = error.errno == errno.ENOENT and not os.path.exists(program)
        if error.errno == errno.ENOENT and not missing:
            reason = "its interpreter or loader is not in this image"
        elif os.path.isdir(program):
            reason = "it is a directory"
        _say(f"cannot run {program}: {reason}; fix: {fix}")
        return NOT_FOUND_STATUS if missing else NOT_EXECUTABLE_STATUS
