"""The kinds for a Docker host: what they ask for, and that their files are what their programs read."""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import botocore.session
import pytest
import yaml
from botocore.validate import ParamValidator

from outrider.agent import settings
from outrider.agent.source import Source
from outrider.export.description import Description, describe
from outrider.export.docker_host import LOGS, STATE
from outrider.export.kinds import beanstalk, compose, docker_run, systemd
from outrider.pipeline.log import Log, Sink

CONFIG = Path(__file__).resolve().parents[3] / "tools" / "image" / "docker-host.yaml"


def described(**values: str) -> Description:
    return describe({"image": "registry.example.com:5000/outrider:1.0", **values})


def started(tmp_path: Path, description: Description, **environment: str) -> subprocess.CompletedProcess[str]:
    """What run.sh asks Docker for, one word a line."""
    (tmp_path / "run.sh").write_text(docker_run.make(description)["run.sh"])
    fake = tmp_path / "docker"
    fake.write_text('#!/bin/sh\nfor word; do echo "$word"; done\n')
    fake.chmod(0o755)
    environment["PATH"] = f"{tmp_path}:/usr/bin:/bin"
    command = ["sh", str(tmp_path / "run.sh")]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_docker_run_asks_for_no_privilege_and_tells_no_token(tmp_path: Path) -> None:
    done = started(tmp_path, described(), OUTRIDER_TOKEN="orj1.secret")
    words = done.stdout.split()
    assert done.returncode == 0
    assert words[:2] == ["run", "--detach"]
    assert words[-1] == "registry.example.com:5000/outrider:1.0"
    assert {"--privileged", "--cap-add", "--pid"} & set(words) == set()
    assert words[words.index("--cap-drop") + 1] == "ALL"
    assert "--read-only" in words
    assert "orj1.secret" not in done.stdout


def test_docker_run_takes_no_address_for_a_pattern_of_files(tmp_path: Path) -> None:
    made = docker_run.make(described(server="https://[::1]:8444"))["run.sh"]
    assert "--env OUTRIDER_SERVER='https://[::1]:8444' " in made
    done = started(tmp_path, described(server="https://[::1]:8444"), OUTRIDER_TOKEN="t")
    assert "OUTRIDER_SERVER=https://[::1]:8444" in done.stdout.split()


def test_docker_run_without_a_token_says_what_to_do(tmp_path: Path) -> None:
    done = started(tmp_path, described())
    assert done.returncode != 0
    assert "outrider server token create" in done.stderr
    assert done.stdout == ""


def test_compose_is_what_docker_run_is(tmp_path: Path) -> None:
    """Both start the same container; only the token goes another way."""
    file = yaml.safe_load(compose.make(described(name="shop"))["compose.yaml"])
    service = file["services"]["shop-agent"]
    words = shlex.split(started(tmp_path, described(name="shop"), OUTRIDER_TOKEN="t").stdout)
    given = dict(word.split("=", 1) for word in words if word.startswith("OUTRIDER_") and "=" in word)
    assert service["environment"] == given | {"OUTRIDER_TOKEN_FILE": "/run/secrets/outrider-token"}
    assert service["user"] == words[words.index("--user") + 1] == "0:0"
    assert [mount["target"] for mount in service["volumes"]] == [STATE, LOGS]
    assert (service["mem_limit"], service["mem_reservation"]) == ("500m", "100m")
    assert file["volumes"] == {"state": {"name": "shop-state"}}


def dockerrun(description: Description) -> dict[str, Any]:
    return dict(json.loads(beanstalk.make(description)["Dockerrun.aws.json"]))


def test_beanstalk_has_containers_as_ecs_takes_them() -> None:
    made = dockerrun(described())
    assert made.pop("AWSEBDockerrunVersion") == 2
    model = botocore.session.get_session().get_service_model("ecs")
    shape = model.operation_model("RegisterTaskDefinition").input_shape
    report = ParamValidator().validate({"family": "beanstalk", **made}, shape)
    assert report.generate_report() == ""
    (agent,) = made["containerDefinitions"]
    assert "privileged" not in agent
    assert {mount["sourceVolume"] for mount in agent["mountPoints"]} == {one["name"] for one in made["volumes"]}


def test_beanstalk_fetches_the_token() -> None:
    files = beanstalk.make(described(token_secret="arn:aws:secretsmanager:eu-west-1:123456789012:secret:join-AbCdEf"))
    settings = yaml.safe_load(files[".ebextensions/98-outrider-token.config"])["option_settings"]
    assert settings == {
        "aws:elasticbeanstalk:application:environmentsecrets": {
            "OUTRIDER_TOKEN": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:join-AbCdEf"
        }
    }
    assert "OUTRIDER_TOKEN" not in files["Dockerrun.aws.json"]
    syslog = yaml.safe_load(files[".ebextensions/99-outrider-syslog.config"])
    assert list(syslog["commands"]) == ["01_state", "02_syslog"]


def test_the_unit_of_systemd_is_understood_and_closed(tmp_path: Path) -> None:
    files = systemd.make(described(memory="300"))
    unit = files["outrider-agent.service"]
    assert "MemoryMax=300M\n" in unit
    assert "OUTRIDER_TOKEN=" not in unit
    syslog = yaml.safe_load(beanstalk.make(described())[".ebextensions/99-outrider-syslog.config"])
    assert files["99-outrider.conf"].endswith(syslog["files"]["/etc/rsyslog.d/99-outrider.conf"]["content"])
    if shutil.which("systemd-analyze") is None:
        pytest.skip("needs systemd-analyze; to run it: apt-get install systemd")
    path = tmp_path / "outrider-agent.service"
    path.write_text(unit.replace("/opt/outrider/bin/outrider agent", "/bin/true"))
    done = subprocess.run(["systemd-analyze", "verify", path], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_configuration_in_the_image_is_understood(tmp_path: Path) -> None:
    found = settings.read({"OUTRIDER_STATE": str(tmp_path), "OUTRIDER_CONFIG": str(CONFIG)}, {})
    _, plan = Source(found, Log(Sink(level=0), "test")).first()
    assert [type(item.plugin).__name__ for item in plan.of_kind("input")] == ["Tail", "Forward", "Syslog", "Syslog"]
    assert {item.core.storage_type for item in plan.of_kind("input")} == {"filesystem"}
    assert {item.core.listen for item in plan.of_kind("input")} - {""} == {"127.0.0.1"}
