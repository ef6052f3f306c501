"""Rules of the house that no linter knows."""

from __future__ import annotations

import dataclasses
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from outrider.pipeline import options, registry
from outrider.pipeline.service import Service

SOURCE = Path(__file__).resolve().parents[2] / "src" / "outrider"
HEAVY = frozenset(
    {"aiohttp", "aiokafka", "boto3", "botocore", "chdb", "cryptography", "jinja2", "pydantic"}
    | {"rich", "starlette", "typer", "yaml"}
)


def test_the_registry_lists_exactly_the_plugin_folders() -> None:
    for kind in registry.KINDS:
        folder = SOURCE / "plugins" / f"{kind}s"
        assert set(registry.PLUGINS[kind]) == {path.parent.name for path in folder.glob("*/plugin.py")}
        assert {path.name for path in folder.iterdir() if path.is_dir()} - {"__pycache__"} == set(
            registry.PLUGINS[kind]
        )


def plugins() -> list[tuple[str, str]]:
    return [(kind, name) for kind in registry.KINDS for name in registry.PLUGINS[kind]]


@pytest.mark.parametrize(("kind", "name"), plugins())
def test_a_plugin_says_what_it_is_and_what_each_option_means(kind: str, name: str) -> None:
    plugin = registry.plugin_class(kind, name)
    assert (plugin.__doc__ or "").strip()
    core = {"input": options.InputCore, "filter": options.FilterCore, "output": options.OutputCore}[kind]
    common = options.declared(core)
    for key, entry in options.declared(plugin.Options).items():
        assert key not in common, f"{key} is a key of every {kind}"
        assert len(entry.help) > 3


HARMLESS = re.compile(r"accepted|not supported|off is not supported")


CORES = [Service, options.InputCore, options.FilterCore, options.OutputCore, options.EmitterOptions]
ROOMS = r"pipeline\.common|aws|formats|protocols|net"
SHARED = re.compile(rf"^\s*from (outrider\.(?:{ROOMS})[\w.]*) import (.+)", re.MULTILINE)
USE = re.compile(r'\.(\w+)\b|"(\w+)"|def (\w+)\(self\) -> \w+: \.\.\.')
"""An attribute, a text of its own (``getattr``), a member of a protocol."""


def names_in(plugin: type) -> set[str]:
    """The words of a plugin's own modules, its declarations left out, and of those that several plugins share."""
    folder = (SOURCE.parent / plugin.__module__.replace(".", "/")).parent
    waiting, seen = [path for path in folder.glob("*.py") if path.name != "config.py"], set[Path]()
    while waiting:
        seen.add(path := waiting.pop())
        for module, found in SHARED.findall(path.read_text("utf-8")):
            places = [module, *(f"{module}.{name}" for name in re.findall(r"\w+", found))]
            files = [SOURCE.parent / f"{place.replace('.', '/')}.py" for place in places]
            waiting += [file for file in files if file.exists() and file not in seen]
    return uses("\n".join(path.read_text("utf-8") for path in seen))


def uses(text: str) -> set[str]:
    """The words that may name an option."""
    return {word for found in USE.findall(text) for word in found}


def silent(declared: type[Any], used: set[str]) -> list[str]:
    return [
        f"{declared.__module__}.{field.name}"
        for field in dataclasses.fields(declared)
        if field.name not in used and "help" in field.metadata and not HARMLESS.match(field.metadata["help"])
    ]


@pytest.mark.parametrize(("kind", "name"), plugins())
def test_an_option_without_effect_says_so(kind: str, name: str) -> None:
    """An option is used by the plugin that declares it, or its help says that it is only accepted."""
    plugin = registry.plugin_class(kind, name)
    every = {field.name for field in dataclasses.fields(options.EmitterOptions)}
    assert silent(plugin.Options, names_in(plugin) | every) == []


def test_a_key_of_every_plugin_without_effect_says_so() -> None:
    declarations = {SOURCE / "pipeline" / "options.py", SOURCE / "pipeline" / "service.py"}
    declarations |= set(SOURCE.glob("plugins/*/*/config.py"))
    texts = [path.read_text("utf-8") for path in SOURCE.rglob("*.py") if path not in declarations]
    used = uses("\n".join(texts))
    assert [found for core in CORES for found in silent(core, used)] == []


def imported(statement: str) -> set[str]:
    """The top-level modules that a new process has after this statement."""
    script = f"import sys; {statement}; print(' '.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return {name.partition(".")[0] for name in done.stdout.split()}


def test_the_router_imports_nothing_heavy() -> None:
    modules = [f"outrider.plugins.{kind}s.{name}.plugin" for kind, name in plugins() if name != "uplink"]
    found = imported("; ".join(f"import {module}" for module in ["outrider.cli.route", *modules]))
    assert found & HEAVY == set()


PLAIN = """
[INPUT]
    Name forward
    Port 0
[INPUT]
    Name tail
    Path /var/log/*.log
[OUTPUT]
    Name syslog
    Match *
    Host 127.0.0.1
"""
START = """
import sys
from outrider.cli import fluent_bit
sys.argv = ["outrider", "-c", sys.argv[1], "--dry-run"]
status = fluent_bit()
own = [module for name, module in sys.modules.items() if name.startswith("outrider.")]
classes = {value for module in own for value in vars(module).values() if isinstance(value, type)}
print(status, sum("__dataclass_params__" in vars(one) for one in classes), *sys.modules)
"""
THIRD = {"cython_runtime", "outrider", "msgpack", "msgspec", "typing_extensions", "isal", "uvloop"}
LATE = {
    "difflib",
    "json",
    "onigurumacffi",
    "zstandard",
    "outrider.formats.json",
    "outrider.formats.multiline",
    "outrider.formats.parser",
    "outrider.formats.yaml_config",
    "outrider.pipeline.config.definitions",
    "outrider.pipeline.config.stock",
    "outrider.pipeline.operate.drawing",
    "outrider.pipeline.operate.explain",
    "outrider.pipeline.operate.monitor",
    "outrider.pipeline.operate.peers",
    "outrider.pipeline.operate.status",
}
"""What a pipeline without parsers, regular expressions, YAML and monitoring has no use for."""


def test_a_plain_start_imports_what_it_runs_and_no_more(tmp_path: Path) -> None:
    (tmp_path / "plain.conf").write_text(PLAIN)
    command = [sys.executable, "-c", START, str(tmp_path / "plain.conf")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    status, dataclasses_made, *modules = done.stdout.split()
    assert status == "0", done.stderr
    plugins_made = {f"outrider.plugins.{name}.plugin" for name in ("inputs.forward", "inputs.tail", "outputs.syslog")}
    assert plugins_made <= {*modules}
    assert LATE & {*modules} == set()
    third = {name.partition(".")[0] for name in modules} - {*sys.stdlib_module_names}
    assert {name for name in third - imported("pass") if not name.startswith("_")} <= THIRD
    # Each costs as much as a small module: what is plain data is a msgspec.Struct, and options are what is left.
    assert int(dataclasses_made) <= 30


def test_the_command_alone_imports_nothing_heavy() -> None:
    assert imported("import outrider.cli") & {*HEAVY, "asyncio", "msgspec"} == set()


def test_the_launcher_imports_the_standard_library_only() -> None:
    found = imported("import outrider.launcher.command") - set(sys.stdlib_module_names) - {"outrider"}
    before = imported("pass")
    assert found - before == set()


@pytest.mark.parametrize("room", ["model", "formats", "protocols", "ids"])
def test_pure_rooms_import_no_world(room: str) -> None:
    banned = r"^\s*(?:import|from) (asyncio|socket|ssl|subprocess|random|threading|uvloop|aiohttp)\b|time\.time\("
    for path in (SOURCE / room).rglob("*.py"):
        found = re.search(banned, path.read_text("utf-8"), re.MULTILINE)
        assert found is None, f"{path}: {found[0] if found else ''}"


def test_every_package_has_a_map() -> None:
    for path in SOURCE.rglob("__init__.py"):
        assert path.read_text("utf-8").lstrip().startswith('"""'), path


def test_no_source_file_is_much_too_long() -> None:
    long = {path.name: lines for path in SOURCE.rglob("*.py") if (lines := len(path.read_text().splitlines())) > 450}
    assert long == {}
