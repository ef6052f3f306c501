"""The pod of the manifest as the kubelet would start it, played by Docker: same mounts, same rights, same commands."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from tests.integration.image.conftest import docker

from outrider.export.description import describe
from outrider.export.registry import find_kind


class Pod:
    """The one container of the DaemonSet. Folders of the node lie below ``node``, but for Docker's own.

    ``port`` takes the place of the endpoint's, since the machine's network is not a pod's.
    """

    def __init__(self, node: Path, given: dict[str, str], port: int) -> None:
        (text,) = find_kind("kubernetes").make(describe(given)).values()
        text = text.replace("2020", str(port))
        found = {one["kind"]: one for one in yaml.safe_load_all(text)}
        self._spec: dict[str, Any] = found["DaemonSet"]["spec"]["template"]["spec"]
        (self._container,) = self._spec["containers"]
        self._node, self._config = node, node / "config"
        self._config.mkdir()
        for name, content in found["ConfigMap"]["data"].items():
            (self._config / name).write_text(content)

    def arguments(self, secret: str, node_name: str) -> list[str]:
        """What ``docker run`` is told."""
        container, rights = self._container, self._container["securityContext"]
        words = ["--user", f"{rights['runAsUser']}:{rights['runAsGroup']}", "--network", "host"]
        words += ["--read-only"] if rights["readOnlyRootFilesystem"] else []
        words += [] if rights["allowPrivilegeEscalation"] else ["--security-opt", "no-new-privileges"]
        words += [word for dropped in rights["capabilities"]["drop"] for word in ("--cap-drop", dropped)]
        words += ["--memory", container["resources"]["limits"]["memory"].removesuffix("i")]
        words += ["--stop-timeout", str(self._spec["terminationGracePeriodSeconds"])]
        for one in container["env"]:
            value = one["value"] if "value" in one else secret if "secretKeyRef" in one["valueFrom"] else node_name
            words += ["--env", f"{one['name']}={value}"]
        volumes = {volume["name"]: volume for volume in self._spec["volumes"]}
        for mount in container["volumeMounts"]:
            words += self._volume(volumes[mount["name"]], mount)
        program, *rest = container["command"]
        return [*words, "--entrypoint", program, container["image"], *rest]

    def _volume(self, volume: dict[str, Any], mount: dict[str, Any]) -> list[str]:
        target = mount["mountPath"]
        if "emptyDir" in volume:
            return ["--tmpfs", target]
        source = self._config if "configMap" in volume else self.place(volume["hostPath"]["path"])
        return ["--volume", f"{source}:{target}{':ro' if mount.get('readOnly') else ''}"]

    def place(self, path: str) -> Path:
        """Where a folder of the node is on this machine."""
        return Path(path) if path == "/var/lib/docker/containers" else self._node / path.lstrip("/")

    def is_ready(self, name: str) -> bool:
        """Whether the readiness probe of a running container succeeds."""
        try:
            docker("exec", name, *self._container["readinessProbe"]["exec"]["command"])
        except AssertionError:
            return False
        return True
