"""The ``outrider`` command: argument parsing and printing, nothing else.

``route`` (Fluent Bit's command line) and ``agent`` run beside applications and are dispatched before anything heavy is
imported; the operator's commands (``task`` with ``task_protect``, ``task_unprotect``, ``task_migrate``, which share
``task_edit``, ``task_run`` with ``task_watch``, ``task_lint``, ``task_iam``, ``task_security_group``, ``task_diff`` and
``task_deploy``; ``task_source`` is which definition of a file they mean; ``firelens`` with ``firelens_plan``,
``export``, ``rules``, ``ids``, ``trial`` that is called ``test``, ``doctor``, ``spool``, ``server``, ``demo``) use
typer; ``operator`` gathers them. ``printer`` is where those print that must end in order when nobody reads any longer,
``arguments`` the router's command line, ``plugin_help`` what ``route -o NAME -h`` prints, ``schema`` what ``route -J``
does.
"""

from __future__ import annotations

import contextlib
import gc
import signal
import sys
from collections.abc import Iterator, Sequence


def main() -> int:
    """Console script ``outrider``; returns the exit status."""
    arguments = sys.argv[1:]
    if arguments[:1] == ["route"]:
        return _route(arguments[1:])
    if arguments[:1] == ["agent"]:
        return _agent(arguments[1:])
    from outrider.cli import operator

    return operator.main(arguments)


def fluent_bit() -> int:
    """Console script ``fluent-bit``, for who starts the router by that name; returns the exit status."""
    return _route(sys.argv[1:])


def _route(arguments: Sequence[str]) -> int:
    with _starting():
        from outrider.cli import route

        return route.main(arguments)


def _agent(arguments: Sequence[str]) -> int:
    with _starting():
        from outrider.cli import agent

        return agent.main(arguments)


@contextlib.contextmanager
def _starting() -> Iterator[None]:
    """What holds for programs that run beside applications."""
    # What imports and a configuration make stays until the end: to look for garbage in it, at the start and again at
    # the end, takes a fifth of the time of a start. ``tune_process`` turns the collector on.
    gc.disable()
    # A hang-up that comes before everything runs waits for its handler (``operate.run``) instead of ending the process.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP})
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
