"""containerd with CRI, as the kubelet speaks to it: pods in the machine's network, and their containers' logs."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeAlias

from grpclib.client import Channel, UnaryUnaryMethod
from grpclib.encoding.base import CodecBase
from tests.helpers import wait_for

from outrider.formats import protobuf

Message: TypeAlias = dict[int, Any]
"""Members by their numbers in ``runtime/v1/api.proto``: text, numbers, messages, and lists of them."""

CONFIG = """\
version = 2
root = "{folder}/root"
state = "{folder}/state"
[grpc]
  address = "{folder}/c.sock"
[plugins]
  [plugins."io.containerd.grpc.v1.cri"]
    sandbox_image = "{image}"
    disable_apparmor = true
    restrict_oom_score_adj = true
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
    [plugins."io.containerd.grpc.v1.cri".cni]
      bin_dir = "{folder}/cni"
      conf_dir = "{folder}/cni"
"""
NODE = 2


def encode(message: Message) -> bytes:
    """The wire form of a message."""
    parts = []
    for number, member in message.items():
        for value in member if isinstance(member, list) else [member]:
            if isinstance(value, int):
                parts.append(protobuf.number(number, value))
            else:
                parts.append(protobuf.block(number, encode(value) if isinstance(value, dict) else value.encode()))
    return b"".join(parts)


class _Wire(CodecBase):
    """Messages are encoded by ``encode``, answers stay bytes."""

    __content_subtype__ = "proto"

    def encode(self, message: Any, message_type: Any) -> bytes:
        return encode(message)

    def decode(self, data: bytes, message_type: Any) -> bytes:
        return data


class Containerd:
    """A containerd of its own in ``folder``, with one image of Docker's in it: its entry point keeps the pods."""

    def __init__(self, folder: Path, image: str) -> None:
        self.folder, self._socket, self._pods = folder, folder / "c.sock", list[str]()
        self.image = f"docker.io/{image}"
        folder.mkdir()
        (folder / "cni").mkdir()
        (folder / "config.toml").write_text(CONFIG.format(folder=folder, image=self.image))
        self._log = (folder / "log").open("wb")
        self._process = subprocess.Popen(
            ["containerd", "--config", folder / "config.toml"], stdout=self._log, stderr=self._log
        )
        try:
            wait_for(self._answers, (folder / "log").read_text)
            subprocess.run(["docker", "save", image, "-o", folder / "image.tar"], check=True, timeout=60)
            self._ctr("images", "import", str(folder / "image.tar"))
        except BaseException:
            self.close()
            raise

    def _answers(self) -> bool:
        with contextlib.suppress(OSError, subprocess.CalledProcessError):
            self._ctr("version")
            return True
        return False

    def _ctr(self, *words: str) -> None:
        command = ["ctr", "--address", str(self._socket), "--namespace", "k8s.io", *words]
        subprocess.run(command, check=True, capture_output=True, timeout=60)

    def call(self, method: str, message: Message) -> dict[int, Any]:
        """Call the RuntimeService; the members of the answer."""

        async def answer() -> bytes:
            async with Channel(path=str(self._socket), codec=_Wire()) as channel:
                path = f"/runtime.v1.RuntimeService/{method}"
                found = await UnaryUnaryMethod(channel, path, dict, bytes)(message, timeout=60)
                return bytes(found)

        return dict(protobuf.fields(asyncio.run(answer())))

    def start(self, name: str, namespace: str, container: str, logs: Path, script: str, shared: Path) -> str:
        """A pod with one container that runs a shell's script, with a folder at the same place; the container's id.

        ``logs`` is the folder of the pod's logs, as the kubelet names it.
        """
        sandbox = {1: {1: name, 2: "uid", 3: namespace}, 3: str(logs), 8: {2: {1: {1: NODE}}}}
        pod = self.call("RunPodSandbox", {1: sandbox})[1].decode()
        self._pods.append(pod)
        config = {
            1: {1: container},
            2: {1: self.image},
            3: ["/bin/busybox", "sh", "-c", script],
            7: {1: str(shared), 2: str(shared)},
            11: f"{container}/0.log",
        }
        made = self.call("CreateContainer", {1: pod, 2: config, 3: sandbox})[1].decode()
        self.call("StartContainer", {1: made})
        return str(made)

    def reopen_log(self, container: str) -> None:
        """What the kubelet asks for when it has renamed a log."""
        self.call("ReopenContainerLog", {1: container})

    def close(self) -> None:
        """End the pods, then containerd."""
        for pod in self._pods:
            for method in ("StopPodSandbox", "RemovePodSandbox"):
                self.call(method, {1: pod})
        self._process.terminate()
        self._process.wait(30)
        self._log.close()


@contextlib.contextmanager
def containerd(folder: Path, image: str) -> Iterator[Containerd]:
    """A containerd that is gone afterwards, and so are its pods."""
    made = Containerd(folder, image)
    try:
        yield made
    finally:
        made.close()
