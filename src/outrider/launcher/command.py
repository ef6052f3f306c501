"""The program: read, change, write, execute."""

from __future__ import annotations

import errno
import os
import signal
import sys

from outrider import __version__
from outrider.formats.classic import parse
from outrider.launcher.arguments import (
    HELP,
    IN_CONFIG,
    OUT_CONFIG,
    OWN_COMMAND,
    RUN_PATH,
    Arguments,
    parse_arguments,
)
from outrider.launcher.classic_edit import apply_changes
from outrider.launcher.output import choose_folder, fallback_name, write_config
from outrider.launcher.paths import keep_paths
from outrider.launcher.yaml_edit import EXTENSIONS, change_yaml
from outrider.model.errors import UserError

USAGE_STATUS = 2
NOT_EXECUTABLE_STATUS = 126
NOT_FOUND_STATUS = 127


def main(argv: list[str] | None = None) -> int:
    """Run the launcher; does not return if it succeeds. Gives 2 for what the user can correct, else 126 or 127."""
    try:
        arguments = parse_arguments(sys.argv[1:] if argv is None else argv)
        if arguments.wanted == "help":
            return _show(HELP)
        if arguments.wanted == "version":
            return _show(f"fluent-launch {__version__}\n")
        original = _read(arguments.in_config)
        path, obstacle = _out_path(arguments)
        text = _changed(original, arguments, path)
        if arguments.wanted == "print":
            return _show(text)
        if obstacle:
            path = os.path.join(os.path.dirname(path), fallback_name(text, path))
            _say(f"cannot write in {obstacle}; the changed configuration is {path}")
        write_config(path, text)
    except UserError as error:
        _say(str(error))
        return USAGE_STATUS
    return _execute(arguments, path)


def _show(text: str) -> int:
    sys.stdout.buffer.write(text.encode("utf-8", "surrogateescape"))
    sys.stdout.buffer.flush()
    return 0


def _say(message: str) -> None:
    sys.stderr.buffer.write(f"fluent-launch: {message}\n".encode("utf-8", "surrogateescape"))
    sys.stderr.buffer.flush()


def _is_yaml(path: str) -> bool:
    return path.lower().endswith(EXTENSIONS)


def _out_path(arguments: Arguments) -> tuple[str, str]:
    """Where the result goes, and why it is a shared folder (empty if it is not), where the name is to be made unique.

    The extension tells the router the language, so it must be that of the original.
    """
    yaml = _is_yaml(arguments.in_config)
    given = arguments.out_config
    if given is not None:
        if _is_yaml(given) != yaml:
            language = "YAML" if yaml else "classic"
            raise UserError(
                f"{arguments.in_config} is {language}, and the router would not read {given} as such",
                fix=f"give -m a name that ends in {'.yaml' if yaml else '.conf'}",
            )
        return given, ""
    default = os.path.splitext(OUT_CONFIG)[0] + ".yaml" if yaml else OUT_CONFIG
    if arguments.wanted == "print":
        return default, ""
    folder, obstacle = choose_folder(default)
    return os.path.join(folder, os.path.basename(default)), obstacle


def _changed(text: str, arguments: Arguments, out_path: str) -> str:
    file = arguments.in_config
    if _is_yaml(file):
        text, notes = change_yaml(text, file, arguments.changes)
    else:
        folder = os.path.dirname(os.path.realpath(file))
        document = parse(text, file)
        if folder != os.path.dirname(os.path.realpath(out_path)):
            text, moved = keep_paths(text, document, folder, os.path.exists)
            document = parse(text, file) if moved else document
        notes = apply_changes(document, arguments.changes)
        text = document.text()
    for note in notes:
        _say(note)
    return text


def _read(path: str) -> str:
    try:
        with open(path, "rb") as stream:
            return stream.read().decode("utf-8", "surrogateescape")
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
