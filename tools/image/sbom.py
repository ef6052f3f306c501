"""The bill of materials of the image that it runs in, as CycloneDX 1.5 on standard output: sbom.py VERSION

It lists the distributions of the interpreter that runs it, that interpreter, and the packages of Debian's database.
The same image gives the same bytes.
"""

from __future__ import annotations

import json
import platform
import re
import sys
from importlib import metadata
from pathlib import Path
from typing import Any
from urllib.parse import quote

STATUS = Path("/var/lib/dpkg/status")
RELEASE = Path("/etc/os-release")


def component(kind: str, name: str, version: str, purl: str, licence: str = "") -> dict[str, Any]:
    """One entry; ``purl`` is its package URL."""
    made: dict[str, Any] = {"type": kind, "bom-ref": purl, "name": name, "version": version, "purl": purl}
    if licence:
        made["licenses"] = [{"license": {"name": licence}}]
    return made


def distributions() -> list[dict[str, Any]]:
    """What pip has installed, without Outrider itself."""
    found = {}
    for one in metadata.distributions():
        name = re.sub(r"[-_.]+", "-", one.metadata["Name"]).lower()
        declared = one.metadata["License-Expression"] or one.metadata["License"] or ""
        licence = declared if len(declared) < 80 and "\n" not in declared else ""
        found[name] = component("library", name, one.version, f"pkg:pypi/{name}@{quote(one.version)}", licence)
    found.pop("outrider", None)
    return [found[name] for name in sorted(found)]


def packages() -> list[dict[str, Any]]:
    """What Debian's package manager has installed."""
    if not STATUS.exists():
        return []
    release = dict(re.findall(r'^(\w+)="?([^"\n]*)', RELEASE.read_text("utf-8"), re.MULTILINE))
    system = release.get("ID", "debian")
    made = []
    for text in STATUS.read_text("utf-8").split("\n\n"):
        entry = dict(re.findall(r"^([A-Za-z-]+): (.*)$", text, re.MULTILINE))
        if not entry.get("Status", "").endswith(" installed"):
            continue
        name, version = entry["Package"], entry["Version"]
        origin = f"arch={entry['Architecture']}&distro={system}-{release.get('VERSION_ID', '')}"
        purl = f"pkg:deb/{system}/{quote(name)}@{quote(version)}?{origin}"
        made.append(component("library", name, version, purl))
    return sorted(made, key=lambda one: str(one["purl"]))


def main() -> None:
    """Print it."""
    version = sys.argv[1]
    python = platform.python_version()
    image = component("container", "outrider", version, f"pkg:oci/outrider@{quote(version)}", "Apache-2.0")
    interpreter = component("library", "python", python, f"pkg:generic/python@{python}", "PSF-2.0")
    bill = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {"component": image},
        "components": [interpreter, *distributions(), *packages()],
    }
    sys.stdout.write(json.dumps(bill, indent=1) + "\n")


if __name__ == "__main__":
    main()
