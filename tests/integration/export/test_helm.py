"""The chart, rendered by Helm: the objects of the manifest, the values of the peer's chart, and what is refused."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from tests.conftest import find_helm
from tests.integration.image.conftest import Containers, docker

from outrider.export.description import describe
from outrider.export.output import write_files
from outrider.export.registry import find_kind

pytestmark = pytest.mark.helm
DESCRIPTIONS: list[dict[str, str]] = [
    {},
    {"server": "https://10.1.2.3", "image": "registry:5000/outrider@sha256:" + 64 * "a", "token_secret": "mine"},
    {"priority_class": "system-node-critical", "memory": "300"},
]
PEERS: dict[str, Any] = {
    "image": {"repository": "registry.example.com/outrider", "tag": "1", "pullPolicy": "Always"},
    "imagePullSecrets": [{"name": "registry"}],
    "nameOverride": "al-agent",
    "fullnameOverride": "al-agent-container",
    "resources": {"requests": {"memory": "100Mi", "cpu": "0.25"}, "limits": {"memory": "500Mi", "cpu": "3"}},
    "tolerations": [{"operator": "Exists"}],
    "mounts": {"containerSocket": "/run/containerd/containerd.sock", "containerSocketFrom": "/run/dockershim.sock"},
    "registration_key": "orj1:'\"key",
}
OWN: dict[str, Any] = {
    "existingSecret": "join",
    "existingSecretKey": "TOKEN",
    "nodeSelector": {"disk": "ssd"},
    "affinity": {"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": []}},
    "priorityClassName": "system-node-critical",
    "extraEnv": [{"name": "OUTRIDER_TASK", "value": "cluster-1"}],
    "updateStrategy": {"type": "OnDelete"},
    "podAnnotations": {"a": "b"},
    "serviceAccount": {"create": False, "name": "mine"},
    "networkPolicy": {"serverCIDR": "10.0.0.1/32", "extraEgress": [{"ports": [{"port": 443, "protocol": "TCP"}]}]},
    "seLinuxOptions": {"type": "spc_t"},
    "router": {"extraConfig": "[FILTER]\n    Name grep\n    Match kube.*\n    Exclude log DEBUG\n"},
    "mounts": {"state": "/data/outrider", "dockerContainers": "/data/docker/containers"},
}


def helm(*arguments: str) -> subprocess.CompletedProcess[str]:
    executable = find_helm()
    assert executable is not None
    return subprocess.run([executable, *arguments], capture_output=True, text=True, timeout=60)


@pytest.fixture
def chart(tmp_path: Path) -> Path:
    """The chart with its default values."""
    return written(tmp_path, {})


def written(folder: Path, given: dict[str, str]) -> Path:
    write_files(find_kind("helm").make(describe(given)), f"{folder}/", force=False)
    return folder / "outrider"


def render(chart: Path, values: dict[str, Any], release: str = "outrider") -> dict[str, Any]:
    """The objects by kind; the test's Pod is one of them."""
    file = chart.parent / "values.json"
    file.write_text(json.dumps(values))
    done = helm("template", release, str(chart), "--namespace", "outrider", "--values", str(file))
    assert done.returncode == 0, done.stderr
    return {found["kind"]: found for found in yaml.safe_load_all(done.stdout)}


def without_marks(found: dict[str, Any]) -> dict[str, Any]:
    """An object without the two labels that tell who made it."""
    for label in ("app.kubernetes.io/managed-by", "helm.sh/chart"):
        del found["metadata"]["labels"][label]
    return found


@pytest.mark.parametrize("given", DESCRIPTIONS, ids=str)
def test_the_default_values_give_the_objects_of_the_manifest(tmp_path: Path, given: dict[str, str]) -> None:
    (manifest,) = find_kind("kubernetes").make(describe(given)).values()
    expected = {found["kind"]: found for found in yaml.safe_load_all(manifest)}
    del expected["Namespace"]
    made = render(written(tmp_path, given), {})
    del made["Pod"]
    assert {kind: without_marks(found) for kind, found in made.items()} == expected


@pytest.mark.parametrize("values", [{}, PEERS, OWN], ids=["default", "peer's", "own"])
def test_helm_and_kubernetes_find_nothing_wrong(chart: Path, values: dict[str, Any]) -> None:
    for found in render(chart, values).values():
        for version in ("1.27", "1.37"):
            kubernetes_validate.validate(found, version, strict=True)
    done = helm("lint", "--strict", str(chart), "--values", str(chart.parent / "values.json"))
    assert done.returncode == 0, done.stdout
    assert helm("package", str(chart), "--destination", str(chart.parent)).returncode == 0


def test_values_of_the_peers_chart_mean_the_same(chart: Path) -> None:
    made = render(chart, PEERS, "al-agent")
    spec = made["DaemonSet"]["spec"]["template"]["spec"]
    (container,) = spec["containers"]
    assert made["DaemonSet"]["metadata"]["name"] == "al-agent-container"
    assert (container["image"], container["imagePullPolicy"]) == ("registry.example.com/outrider:1", "Always")
    assert spec["imagePullSecrets"] == PEERS["imagePullSecrets"]
    assert (container["resources"], spec["tolerations"]) == (PEERS["resources"], PEERS["tolerations"])
    assert ".sock" not in json.dumps(made)
    assert made["Secret"]["stringData"] == {"token": PEERS["registration_key"]}
    (token,) = [one for one in container["env"] if one["name"] == "OUTRIDER_TOKEN"]
    assert token["valueFrom"]["secretKeyRef"] == {"name": made["Secret"]["metadata"]["name"], "key": "token"}


def test_its_own_values(chart: Path) -> None:
    made = render(chart, OWN, "west")
    assert set(made) == {"ConfigMap", "DaemonSet", "NetworkPolicy", "Pod"}
    template = made["DaemonSet"]["spec"]["template"]
    spec = template["spec"]
    (container,) = spec["containers"]
    assert made["DaemonSet"]["metadata"]["name"] == "west-outrider"
    assert made["DaemonSet"]["spec"]["updateStrategy"] == OWN["updateStrategy"]
    assert template["metadata"]["annotations"]["a"] == "b"
    for name in ("nodeSelector", "affinity", "priorityClassName"):
        assert spec[name] == OWN[name]
    assert spec["serviceAccountName"] == "mine"
    assert spec["securityContext"]["seLinuxOptions"] == OWN["seLinuxOptions"]
    assert OWN["extraEnv"][0] in container["env"]
    (token,) = [one for one in container["env"] if one["name"] == "OUTRIDER_TOKEN"]
    assert token["valueFrom"]["secretKeyRef"] == {"name": "join", "key": "TOKEN"}
    paths = {one["hostPath"]["path"] for one in spec["volumes"] if "hostPath" in one}
    assert {"/data/outrider", "/data/docker/containers"} <= paths
    assert made["NetworkPolicy"]["spec"]["egress"][1:] == [
        {"ports": [{"port": 8444, "protocol": "TCP"}], "to": [{"ipBlock": {"cidr": "10.0.0.1/32"}}]},
        *OWN["networkPolicy"]["extraEgress"],
    ]
    assert made["ConfigMap"]["data"]["router.conf"].endswith("\n" + OWN["router"]["extraConfig"])


def test_a_changed_configuration_makes_new_pods(chart: Path) -> None:
    sums = [
        render(chart, values)["DaemonSet"]["spec"]["template"]["metadata"]["annotations"]["checksum/config"]
        for values in ({}, {"podAnnotations": {"a": "b"}}, {"router": OWN["router"]})
    ]
    assert sums[0] == sums[1] != sums[2]


def test_the_daemonset_does_not_take_the_tests_pod_for_its_own(chart: Path) -> None:
    made = render(chart, {})
    selector = made["DaemonSet"]["spec"]["selector"]["matchLabels"]
    assert not selector.items() <= made["Pod"]["metadata"]["labels"].items()
    assert made["Pod"]["metadata"]["annotations"]["helm.sh/hook"] == "test"


@pytest.mark.docker
def test_its_test_finds_the_server_or_says_why_not(
    chart: Path, image: str, make_server: Callable[..., Any], containers: Containers
) -> None:
    server = make_server()
    (container,) = render(chart, {})["Pod"]["spec"]["containers"]
    program, *rest = container["command"]
    for number, (token, status) in enumerate([(server.ready["token"], "0"), ("orj1.wrong", "1")]):
        words = ["--user", "10001:10001", "--read-only", "--cap-drop", "ALL", "--network", "host"]
        words += ["--tmpfs", "/tmp", "--tmpfs", "/var/lib/outrider:uid=10001", "--entrypoint", program]
        words += ["--env", f"OUTRIDER_SERVER={server.ingest}", "--env", f"OUTRIDER_TOKEN={token}"]
        name = containers.run(f"test-{number}", *words, image, *rest)
        assert docker("wait", name) == status, containers.log(name)
        assert "ok; server-answer" in containers.log(name)


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"serverr": "https://x"}, "serverr"),
        ({"server": "logs.example.com"}, "server"),
        ({"image": {"pullPolicy": "Sometimes"}}, "pullPolicy"),
        ({"image": {"digest": "sha256:1"}}, "digest"),
        ({"registration_key": "a", "existingSecret": "b"}, "both set"),
        ({"agent_config": "--host x"}, "set server"),
        ({"networkPolicy": {"serverCIDR": "logs.example.com"}}, "serverCIDR"),
    ],
)
def test_wrong_values_are_refused(chart: Path, values: dict[str, Any], told: str) -> None:
    file = chart.parent / "values.json"
    file.write_text(json.dumps(values))
    done = helm("template", "outrider", str(chart), "--values", str(file))
    assert done.returncode != 0
    assert told in done.stderr


def test_the_notes_say_what_is_left_to_do(chart: Path) -> None:
    install = ("install", "outrider", str(chart), "--namespace", "logs", "--dry-run=client")
    told = helm(*install).stdout
    assert "kubectl --namespace logs create secret generic outrider-token --from-literal=token=TOKEN" in told
    assert "create secret" not in helm(*install, "--set", "existingSecret=mine").stdout
    assert "not mounted" not in told
    for value in ("containerSocket", "containerSocketFrom"):
        assert "containerSocketFrom are not mounted" in helm(*install, "--set", f"mounts.{value}=/x").stdout
