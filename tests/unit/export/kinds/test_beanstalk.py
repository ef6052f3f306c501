"""The files of Elastic Beanstalk: containers as ECS takes them, the token, the syslog."""

from __future__ import annotations

import json
from typing import Any

import botocore.session
import yaml
from botocore.validate import ParamValidator
from tests.unit.export.kinds.docker_host import described

from outrider.export.description import Description
from outrider.export.kinds import beanstalk


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
