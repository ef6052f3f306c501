"""The launcher and all modules that it imports, as one archive: archive.py ARCHIVE OUTRIDER YAML [NOTICE...]

Run it with an interpreter of the version that will run the archive. OUTRIDER and YAML are the folders of the packages;
a NOTICE, NAME=FILE, goes into the archive as licences/NAME. The same sources give the same bytes.
"""

from __future__ import annotations

import importlib.util
import marshal
import sys
import sysconfig
import zipfile
from modulefinder import ModuleFinder
from pathlib import Path

AT_START = ("encodings.ascii", "encodings.latin_1", "encodings.utf_8", "runpy", "zipimport")
"""What the interpreter imports by itself."""
LATE = ("yaml",)
"""What is imported by name, and only for a file that needs it."""
UNUSED = (
    "yaml.cyaml",
    "argparse",
    "doctest",
    "importlib.metadata",
    "importlib.resources",
    "pdb",
    "pickle",
    "pydoc",
    "unittest",
    "urllib",
)
"""What others import for functions that the launcher never calls."""
UNCHECKED = 0b01
"""Of a compiled module: there is no source to compare it with (PEP 552)."""
DATE = (1980, 1, 1, 0, 0, 0)


def imports(outrider: Path, yaml: Path) -> dict[str, Path]:
    """The modules, by their path in the archive, with their sources."""
    path = [str(outrider.parent), str(yaml.parent), sysconfig.get_path("stdlib")]
    finder = ModuleFinder(path, excludes=UNUSED)
    finder.run_script(str(outrider / "launcher" / "__main__.py"))
    for name in (*AT_START, *LATE):
        finder.import_hook(name)
    strangers = {name.partition(".")[0] for name in finder.modules} - {*sys.stdlib_module_names}
    if not strangers <= {"__main__", outrider.name, yaml.name}:
        sys.exit(f"launcher: the archive may have the standard library, outrider and yaml, not {sorted(strangers)}")
    return {
        name.replace(".", "/") + ("/__init__.pyc" if module.__path__ else ".pyc"): Path(module.__file__)
        for name, module in finder.modules.items()
        if module.__code__
    }


def compiled(name: str, source: Path) -> bytes:
    """A module as the interpreter reads it, without its docstrings; ``name`` is what a traceback says."""
    code = compile(source.read_bytes(), name, "exec", dont_inherit=True, optimize=2)
    flags = UNCHECKED.to_bytes(4, "little")
    return importlib.util.MAGIC_NUMBER + flags + bytes(8) + marshal.dumps(code)


def main() -> None:
    """Write the archive."""
    archive, outrider, yaml = map(Path, sys.argv[1:4])
    notices = dict(notice.split("=", 1) for notice in sys.argv[4:])
    members = {name: compiled(name, source) for name, source in imports(outrider, yaml).items()}
    members |= {f"licences/{name}": Path(file).read_bytes() for name, file in notices.items()}
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as file:
        for name, content in sorted(members.items()):
            file.writestr(zipfile.ZipInfo(name, DATE), content, zipfile.ZIP_DEFLATED)


main()
