"""The upstreams of a configuration: ``upstream_servers`` by name, and files that outputs name with ``Upstream``."""

from __future__ import annotations

import os.path
from collections.abc import Mapping, Sequence

from outrider.model.errors import UserError
from outrider.net.files import ConfigurationFiles
from outrider.pipeline.config.configuration import PluginSection, UpstreamServers, expand_all, upstreams_from_file
from outrider.pipeline.config.findings import Findings


class Upstreams:
    """See the module. ``folder`` is that of the main file; ``findings`` get what is hardly meant in a file."""

    def __init__(
        self,
        defined: Sequence[UpstreamServers] = (),
        folder: str = "",
        variables: Mapping[str, str] | None = None,
        findings: Findings | None = None,
    ) -> None:
        self._defined = defined
        self._folder = folder
        self._variables = variables or {}
        self._findings = findings or Findings()

    def servers(self, named: str) -> UpstreamServers:
        """The upstream of that name, or of that file, variables expanded; it has nodes. Raises UserError.

        A path is tried as it stands, then from the main file's folder.
        """
        found = [item for item in self._defined if item.name == named] or self._from_file(named)
        if len(found) > 1:
            raise UserError(
                f"upstream '{named}' may be any of {len(found)}, the second at {found[1].place}",
                fix="give each upstream a name or a file of its own",
            )
        if not found or not found[0].nodes:
            place = found[0].place if found else None
            raise UserError(f"the upstream '{named}' has no nodes", place, fix="add a node with name, host and port")
        return UpstreamServers(found[0].name, [self._expanded(node) for node in found[0].nodes], found[0].place)

    def _from_file(self, named: str) -> list[UpstreamServers]:
        files, beside = ConfigurationFiles(), os.path.join(self._folder, named)
        path = next((path for path in (named, beside) if files.identity(path) is not None), None)
        if path is None:
            fix = "correct the path" + (f"; '{beside}' is not there either" if beside != named else "")
            known = [item.name for item in self._defined]
            raise UserError(f"the upstream file '{named}' was not found", found=named, allowed=known, fix=fix)
        return upstreams_from_file(path, files, self._findings)

    def _expanded(self, node: PluginSection) -> PluginSection:
        properties = expand_all(node.properties, self._variables, self._findings.unset)
        return PluginSection(node.kind, properties, node.place)
