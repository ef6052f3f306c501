"""The manifest: objects that Kubernetes takes, and no more rights than they need."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from outrider.cli import agent
from outrider.export.description import describe
from outrider.export.registry import find_kind

VERSIONS = ("1.27", "1.37")
CASES: list[dict[str, str]] = [
    {},
    {"name": "no", "namespace": "123"},
    {"server": "https://[2001:db8::1]", "image": "123", "token_secret": "true"},
    {"priority_class": "system-node-critical", "memory": "300"},
]


def objects(given: dict[str, str]) -> dict[str, Any]:
    """By kind; no two are of the same."""
    (text,) = find_kind("kubernetes").make(describe(given)).values()
    return {found["kind"]: found for found in yaml.safe_load_all(text)}


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("given", CASES, ids=str)
def test_kubernetes_takes_them(given: dict[str, str], version: str) -> None:
    made = objects(given)
    assert list(made) == ["Namespace", "ServiceAccount", "ConfigMap", "DaemonSet", "NetworkPolicy"]
    for found in made.values():
        kubernetes_validate.validate(found, version, strict=True)


def test_values_are_where_they_belong() -> None:
    made = objects(CASES[3] | {"server": "https://10.1.2.3:8444", "name": "shop", "image": "x:1"})
    spec = made["DaemonSet"]["spec"]["template"]["spec"]
    (container,) = spec["containers"]
    assert spec["priorityClassName"] == "system-node-critical"
    assert container["image"] == "x:1"
    assert container["resources"]["limits"] == {"memory": "300Mi"}
    environment = {one["name"]: one for one in container["env"]}
    assert environment["OUTRIDER_SERVER"]["value"] == "https://10.1.2.3:8444"
    assert environment["OUTRIDER_TOKEN"]["valueFrom"]["secretKeyRef"] == {"name": "shop-token", "key": "token"}
    assert made["NetworkPolicy"]["spec"]["egress"][1]["to"] == [{"ipBlock": {"cidr": "10.1.2.3/32"}}]
    assert {one["hostPath"]["path"] for one in spec["volumes"] if "hostPath" in one} == {
        "/var/lib/shop",
        "/var/log/containers",
        "/var/log/pods",
        "/var/lib/docker/containers",
    }


def test_no_right_that_is_not_used() -> None:
    made = objects({})
    spec = made["DaemonSet"]["spec"]["template"]["spec"]
    (container,) = spec["containers"]
    assert container["securityContext"] == {
        "runAsUser": 0,
        "runAsGroup": 0,
        "readOnlyRootFilesystem": True,
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
    }
    assert not {"hostNetwork", "hostPID", "hostIPC"} & spec.keys()
    assert spec["automountServiceAccountToken"] is False
    assert {one["name"] for one in container["volumeMounts"] if not one.get("readOnly")} == {"state", "tmp"}
    assert made["NetworkPolicy"]["spec"]["ingress"] == []


def test_labels_that_select_are_those_of_the_pods() -> None:
    made = objects({"name": "shop"})
    labels = made["DaemonSet"]["spec"]["template"]["metadata"]["labels"]
    assert made["DaemonSet"]["spec"]["selector"]["matchLabels"] == labels
    assert made["NetworkPolicy"]["spec"]["podSelector"]["matchLabels"] == labels


def test_a_new_configuration_makes_new_pods() -> None:
    annotations = [
        objects({"namespace": name})["DaemonSet"]["spec"]["template"]["metadata"]["annotations"] for name in "ab"
    ]
    assert annotations[0] != annotations[1]


def test_the_configuration_passes_the_check_that_it_recommends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, text in objects({"namespace": "shop"})["ConfigMap"]["data"].items():
        (tmp_path / name).write_text(text.replace("/var/lib/outrider", str(tmp_path)), "utf-8")
    assert "*_shop_outrider-*.log" in (tmp_path / "router.conf").read_text("utf-8")
    assert "#   outrider agent -c router.conf --dry-run\n" in (tmp_path / "router.conf").read_text("utf-8")
    monkeypatch.setenv("OUTRIDER_STATE", str(tmp_path))
    assert agent.main(["-c", str(tmp_path / "router.conf"), "--dry-run"]) == 0
    assert capsys.readouterr().err == "configuration test is successful\n"
